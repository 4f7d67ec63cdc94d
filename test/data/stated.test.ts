import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DataInput } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { openHome } from "../../src/platform/local/home.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { jsonLines, kofn, newFolder } from "../cli/fixtures.ts";
import { type Files, memoryStore, prepared, refusal } from "./fixtures.ts";

const csv = (...lines: string[]) => ({ "t.csv": ["area,kind,y", ...lines, ""].join("\n") });
const stated: DataInput = {
  source: "t.csv",
  target: "y",
  standardize: false,
  intercept: false,
  classes: ["well", "ill"],
  levels: { kind: ["flat", "house", "barn"] },
};
const task = "classification" as const;

/** Rows in the order of their area, with what became of kind and target. */
async function rowsOf(files: Files, data: DataInput, isPrivate = false) {
  const made = await prepared(files, data, { task, isPrivate });
  const { columns, train, preparation } = made.prepared;
  const { rows, targets } = await readExamples(made.store, train, columns);
  const all = [...targets.keys()].map((i) => [
    ...rows.values.slice(i * columns, (i + 1) * columns),
    targets[i]!,
  ]);
  return { preparation, rows: all.sort((a, b) => a[0]! - b[0]!) };
}

describe("classes and levels that a spec states", () => {
  it("stand in its order, those that no row holds too; any other level is none", async () => {
    const files = csv("1,house,ill", "2,tent,well", "3,flat,ill");
    const { preparation, rows } = await rowsOf(files, stated);
    expect(preparation.target.classes).toEqual(["well", "ill"]);
    expect(preparation.featureNames).toEqual(["area", "kind=flat", "kind=house", "kind=barn"]);
    expect(rows).toEqual([
      [1, 0, 1, 0, 1],
      [2, 0, 0, 0, 0],
      [3, 1, 0, 0, 1],
    ]);
  });

  it("may be numbers, spelled as they like, and truth values as YAML reads them", async () => {
    const files = csv("1,1,1.0", "2,2,+0", "3,1,1");
    const data = { ...stated, classes: [1, 0], levels: { kind: [2, 1] } };
    const { preparation, rows } = await rowsOf(files, data);
    expect(preparation.target.classes).toEqual(["1", "0"]);
    expect(rows.map((row) => row.at(-1))).toEqual([0, 1, 0]);
    expect(rows.map((row) => row.slice(1, 3))).toEqual([
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
    const spec = { problem: "logistic", data: { ...stated, classes: [true, false] } };
    expect(resolveSpec(spec).data.classes).toEqual(["true", "false"]);
  });

  it("refuse another class with its place, what was expected and what to do", async () => {
    const files = csv("1,house,ill", "2,flat,dead");
    const thrown = await refusal(prepared(files, stated, { task }));
    expect(thrown.code).toBe("unlisted-class");
    expect(thrown.message).toMatch(/t\.csv: line 3.*"dead", expected one of data\.classes/);
    expect(thrown.message).toContain('("well", "ill")');
    expect(thrown.hint).toMatch(/list the class/);
  });

  const refused: [DataInput, "classification" | "regression", RegExp][] = [
    [{ ...stated, levels: { y: ["a"] } }, task, /data\.levels: "y" is the target/],
    [{ ...stated, levels: { knd: ["a"] } }, task, /no column is called "knd"/],
    [{ ...stated, features: 3 }, task, /data\.features: 3: t\.csv has columns/],
    [
      { ...stated, target: "area" },
      "regression",
      /data\.classes: well, ill: the target is numbers/,
    ],
  ];
  it.each(refused)("that mean nothing are refused: %j", async (data, wanted, message) => {
    const thrown = await refusal(prepared(csv("1,house,ill"), data, { task: wanted }));
    expect(thrown.message).toMatch(message);
    expect(thrown.hint).not.toBe("");
  });

  it.each([{ classes: ["one"] }, { classes: ["a", "a"] }, { levels: { kind: [] } }])(
    "and so is %j",
    (change) => {
      const spec = { problem: "logistic", data: { ...stated, ...change } };
      expect(() => resolveSpec(spec)).toThrow(/data\.(classes|levels)/);
    },
  );
});

describe("a private run's preparation", () => {
  const libsvm: DataInput = { source: "t.svm", standardize: false, classes: [0, 1], features: 4 };

  it("is the same whatever the rows are", async () => {
    const some = await rowsOf(csv("1,house,ill", "2,flat,well"), stated, true);
    const others = await rowsOf(csv("7,igloo,dead", "8,flat,ill", "9,flat,odd"), stated, true);
    expect(others.preparation).toEqual(some.preparation);
    expect(others.rows).toEqual([
      [7, 0, 0, 0, Number.NaN],
      [8, 1, 0, 0, 1],
      [9, 1, 0, 0, Number.NaN],
    ]);
    const sparse = async (text: string) =>
      (await prepared({ "t.svm": text }, libsvm, { task, isPrivate: true })).prepared;
    const [a, b] = [await sparse("1 1:2\n0 2:1\n"), await sparse("7 2:1 9:1\n0 1:1\n")];
    expect(b.preparation).toEqual(a.preparation);
    expect([a.columns, b.columns]).toEqual([5, 5]);
  });

  it("is refused where the rows would have to tell it", async () => {
    const { levels: _, ...learned } = stated;
    const files = { ...csv("1,house,ill"), "t.svm": "1 1:2\n" };
    const text = await refusal(prepared(files, learned, { task, isPrivate: true }));
    expect(text).toMatchObject({ code: "not-private", kind: "input" });
    expect(text.message).toMatch(/t\.csv: column "kind" holds text/);
    expect(text.hint).toMatch(/data\.levels: \{ "kind": \[\.\.\.\] \}.*data\.drop/);
    const numbers = { ...learned, categorical: ["area"], drop: ["kind"] };
    const named = await refusal(prepared(files, numbers, { task, isPrivate: true }));
    expect(named.message).toMatch(/column "area"/);
    const { features: __, ...endless } = libsvm;
    const sparse = await refusal(prepared(files, endless, { task, isPrivate: true }));
    expect(sparse.message).toMatch(/data\.features: nothing given.*index in t\.svm/);
  });

  it("and an ordinary one of the same spec are not mistaken for each other", async () => {
    const files = csv("1,house,ill", "2,flat,dead", "3,flat,well");
    const store = memoryStore();
    await prepared(files, stated, { task, isPrivate: true, store });
    const thrown = await refusal(prepared(files, stated, { task, store }));
    expect(thrown.code).toBe("unlisted-class");
  });
});

describe("what one record alone has", () => {
  const privacy = { epsilon: 4, delta: 1e-5, unit: "record", adjacency: "zero-out", clip: 1 };

  it.each(["dp-sgd", "gossip"])("stands nowhere in a run of %s", async (strategy) => {
    const folder = await newFolder();
    try {
      const rows = Array.from({ length: 60 }, (_, i) =>
        i === 17 ? "0.4,rare-level,rare-class" : `${i / 60},${i % 2 ? "flat" : "house"},${i % 2}`,
      );
      await writeFile(join(folder.path, "t.csv"), `area,kind,y\n${rows.join("\n")}\n`);
      const spec = {
        problem: "softmax",
        data: { ...stated, classes: ["0", "1"], test: 0.2 },
        workers: 4,
        wait: "all",
        strategy,
        privacy: { ...privacy, evaluate: true },
        stop: { rounds: 2 },
      };
      const path = join(folder.path, "spec.json");
      await writeFile(path, JSON.stringify(spec));
      const { out, err, exitCode } = await kofn(folder.path, "simulate", path, "--json");
      expect(exitCode, err).toBe(0);
      const told = [out, err];
      const result = jsonLines(out).at(-1) as { metrics: { train: Record<string, number> } };
      expect(result.metrics.train.accuracy).toBeGreaterThan(0);
      const { store, close } = await openHome(folder.path);
      for (const key of await store.list(""))
        told.push(key, Buffer.from((await store.read(key))!).toString("latin1"));
      await close();
      for (const text of told) expect(text).not.toMatch(/rare-(level|class)/);
    } finally {
      await folder.remove();
    }
  });
});
