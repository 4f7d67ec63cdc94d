import { writeFileSync } from "node:fs";

/** Writes customers.csv: made-up customers of whom some leave, the likelier the worse they fare. */
const rows = 1_500;

const plans = { basic: 0.5, plus: 0, family: -0.6 };
const payments = { card: -0.2, invoice: 0.3, transfer: 0 };

let state = 1_122_026;

/** Uniform in [0, 1): a 32-bit mixing generator, so that every machine writes the same file. */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let z = Math.imul(state ^ (state >>> 15), 1 | state);
  z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(uniform() * values.length)]!;
}

function customer(): (string | number)[] {
  const months = 1 + Math.floor(72 * uniform() ** 1.4);
  const fee = Math.round(8 + 50 * uniform());
  const calls = Math.floor(7 * uniform() ** 2);
  const outages = Math.floor(5 * uniform() ** 3);
  const plan = pick(Object.keys(plans) as (keyof typeof plans)[]);
  const payment = pick(Object.keys(payments) as (keyof typeof payments)[]);
  const score =
    -1.2 -
    0.05 * months +
    0.03 * fee +
    0.4 * calls +
    0.7 * outages +
    plans[plan] +
    payments[payment];
  const leaves = uniform() < 1 / (1 + Math.exp(-1.5 * score)) ? "yes" : "no";
  return [months, fee, calls, outages, plan, payment, leaves];
}

const header = "months,fee,calls,outages,plan,payment,leaves";
const lines = Array.from({ length: rows }, () => customer().join(","));
writeFileSync(new URL("customers.csv", import.meta.url), `${[header, ...lines].join("\n")}\n`);
