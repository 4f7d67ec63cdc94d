import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomFrom } from "../../src/core/random.ts";

/**
 * A table with a column of each kind that a graph holds, and a spec that says so: no example has
 * them all. Returns the spec.
 */
export function chosenColumns(folder: string): object {
  const random = randomFrom("chosen columns");
  const words = ["low", "mid", "high"];
  const lines = Array.from({ length: 200 }, () => {
    const [place, area] = [random.integer(3), random.integer(100)];
    const point = new Date(
      Date.UTC(1950 + random.integer(100), 0, 1) + Math.floor(random.uniform() * 3e10),
    );
    const town = `t${Math.floor(random.uniform() ** 2 * 150)}`;
    const when = point.toISOString().slice(0, 16);
    return [words[place], area, town, when, area + 10 * place + point.getUTCMonth()].join(",");
  });
  mkdirSync(folder, { recursive: true });
  const source = join(folder, "rows.csv");
  writeFileSync(source, `size,area,town,when,y\n${lines.join("\n")}\n`);
  const columns = {
    size: { type: "ordinal", levels: words },
    town: "frequency",
    when: { type: "date", as: "parts" },
  };
  const data = { source, target: "y", columns };
  return { problem: { type: "ridge", l2: 1e-6 }, data, workers: 4, stop: { rounds: 20 } };
}
