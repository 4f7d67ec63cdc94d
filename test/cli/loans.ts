import { randomFrom } from "../../src/core/random.ts";

const home = ["rent", "own", "mortgage"];
const work = ["salaried", "self-employed", "retired", "student", "none"];
const purposes = ["car", "house", "debts", "wedding", "study", "travel", "moving", "other"];
const startMs = Date.UTC(2019, 0, 1);

export const loanColumns = [
  ...["loan_id", "customer_id", "applied", "first_payment", "amount", "term", "rate", "income"],
  ...["work", "home", "zip", "purpose", "score", "country", "defaulted"],
];

/**
 * Loans as people have them: keys, dates, codes with leading zeros, a constant column, missing
 * values in two spellings, and a rare class that hangs on the rest. The same for the same seed.
 */
export function loansCsv(rows: number, seed = 1): string {
  const random = randomFrom(`loans/${seed}`);
  const uniform = () => random.uniform();
  const one = (of: readonly string[]) => of[Math.floor(uniform() * of.length)]!;
  const lines = [loanColumns.join(",")];
  for (let i = 0; i < rows; i++) {
    const day = Math.floor(uniform() * 1_500);
    const applied = new Date(startMs + day * 86_400_000).toISOString();
    const first = new Date(startMs + (day + 30 + Math.floor(uniform() * 30)) * 86_400_000);
    const amount = Math.round((1_000 + 39_000 * uniform() ** 2) / 50) * 50;
    const term = uniform() < 0.7 ? 36 : 60;
    const income = Math.round(15_000 * Math.exp(1.6 * uniform() + 0.4 * uniform()));
    const score = 300 + 550 * uniform() ** 0.6;
    const works = one(work);
    const rate = 4 + 12 * (1 - (score - 300) / 550) + 2 * uniform();
    const risk =
      -4.4 +
      (2.2 * amount) / income +
      (term === 60 ? 0.5 : 0) +
      (works === "none" ? 1 : 0) -
      0.006 * (score - 600) -
      0.0006 * (day - 750);
    const isBad = uniform() < 1 / (1 + Math.exp(-risk));
    lines.push(
      [
        100_001 + i,
        5_000_000 + Math.floor(uniform() * 12_000),
        applied.slice(0, 10),
        first.toISOString().slice(0, 19).replace("T", " "),
        amount,
        term,
        rate.toFixed(2),
        uniform() < 0.04 ? "" : income,
        uniform() < 0.02 ? "NA" : works,
        one(home),
        String(Math.floor(uniform() * 90_000) + 500).padStart(5, "0"),
        one(purposes),
        uniform() < 0.03 ? "None" : score.toFixed(1),
        "US",
        isBad ? "yes" : "no",
      ].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}
