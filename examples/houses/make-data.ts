import { writeFileSync } from "node:fs";

/** Writes houses.csv: made-up houses whose prices follow from what they are, up to some noise. */
const rows = 2_000;

const districts = { harbour: 62, hill: 48, centre: 75, meadow: 12, station: -9, quarry: -30 };
const heatings = { gas: 0, "heat pump": 14, oil: -11, district: 6 };

let state = 20_261_121;

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

/** Close to normal, with mean 0 and deviation 1. */
function bell(): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += uniform();
  return sum;
}

function house(): (string | number)[] {
  const area = Math.round(45 + 160 * uniform() ** 1.6);
  const rooms = Math.max(1, Math.round(area / 28 + bell() * 0.7));
  const built = 1900 + Math.floor(uniform() * 125);
  const plot = Math.round(area * (1 + 4 * uniform()));
  const minutes = Math.round(4 + 50 * uniform() ** 1.3);
  const district = pick(Object.keys(districts) as (keyof typeof districts)[]);
  const heating = pick(Object.keys(heatings) as (keyof typeof heatings)[]);
  const balcony = pick(["yes", "no"]);
  const price =
    35 +
    2.6 * area +
    9 * rooms +
    0.35 * (built - 1900) +
    0.08 * plot -
    1.4 * minutes +
    districts[district] +
    heatings[heating] +
    (balcony === "yes" ? 8 : 0) +
    22 * bell();
  return [area, rooms, built, plot, minutes, district, heating, balcony, price.toFixed(1)];
}

const header = "area,rooms,built,plot,minutes,district,heating,balcony,price";
const lines = Array.from({ length: rows }, () => house().join(","));
writeFileSync(new URL("houses.csv", import.meta.url), `${[header, ...lines].join("\n")}\n`);
