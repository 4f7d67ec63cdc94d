import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openHome } from "../../src/platform/local/home.ts";
import { kofn, newFolder } from "../cli/fixtures.ts";
import { filesBelow } from "./needles.ts";

/*
 * Columns that a private run's spec decides: what is made of them hangs on no row, and nothing that
 * the run emits but its rows at rest holds a word of a record.
 */
const columns = {
  town: { type: "hash", buckets: 4 },
  size: { type: "ordinal", levels: ["low", "mid", "high"] },
  day: { type: "date", as: "parts" },
};
const spec = (source: string) => ({
  problem: { type: "logistic", l2: 0.1 },
  data: { source, target: "y", classes: ["a", "b"], standardize: false, columns },
  ...{ workers: 2, wait: "all", stop: { rounds: 2 }, seed: 4, strategy: "dp-sgd" },
  optimizer: { type: "sgd", learningRate: 0.5, momentum: 0 },
  privacy: { epsilon: 2, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 },
});

const planted = ["Quixeramobim", "high", "1931-07-19 23:47"];
const rowsWith = (record: readonly string[]) =>
  [
    "town,size,day,y",
    ...Array.from({ length: 24 }, (_, i) => {
      const own = i === 11 ? record : [`t${i % 5}`, "low", `2024-01-${10 + (i % 15)}`];
      return [...own, i % 2 ? "a" : "b"].join(",");
    }),
  ].join("\n");

test("words, places and dates become the same in both worlds, and no word is emitted", async () => {
  const folder = await newFolder();
  try {
    const world = async (name: string, record: readonly string[]) => {
      const home = join(folder.path, name);
      const source = join(folder.path, `${name}.csv`);
      await writeFile(source, rowsWith(record));
      const path = join(folder.path, `${name}.json`);
      await writeFile(path, JSON.stringify(spec(source)));
      const run = await kofn(home, "simulate", path, "--name", "one");
      expect(run.exitCode, run.err).toBe(0);
      expect(run.err).not.toMatch(/note/);
      const file = join(home, "one.safetensors");
      const saved = await kofn(
        home,
        ..."export one --format safetensors --output".split(" "),
        file,
      );
      expect(saved.exitCode, saved.err).toBe(0);
      const shown = JSON.parse((await kofn(home, "show", "one", "--model", "--json")).out);
      return { home, said: run.out + run.err, columns: shown.columns };
    };
    const here = await world("here", planted);
    const there = await world("there", ["t1", "low", "2024-01-11"]);
    expect(there.columns).toEqual(here.columns);
    const [town, , day] = planted;
    const words = [town!, day!.slice(0, 10)];
    const holds = (bytes: Uint8Array) => words.some((word) => Buffer.from(bytes).includes(word));
    expect(holds(Buffer.from(rowsWith(planted)))).toBe(true);
    expect(holds(Buffer.from(here.said))).toBe(false);
    for (const { path, bytes } of filesBelow(here.home))
      expect(path.includes("/parts/") || !holds(bytes), path).toBe(true);
    const { store, close } = await openHome(here.home);
    try {
      for (const key of await store.list(""))
        if (!key.startsWith("parts/")) expect(holds((await store.read(key))!), key).toBe(false);
    } finally {
      await close();
    }
  } finally {
    await folder.remove();
  }
});
