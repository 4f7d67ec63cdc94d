import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type SpecInCode, train } from "../../src/index.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import { replayRun } from "../../src/platform/training/replay-run.ts";
import { newFolder } from "../cli/fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
});
afterAll(() => folder.remove());

const spec: SpecInCode = {
  problem: "logistic",
  data: { generate: { type: "classification", rows: 300, features: 5 }, test: 0.2 },
  workers: 4,
  wait: "all",
  optimizer: { type: "sgd", learningRate: 0.5, momentum: 0.9 },
  stop: { rounds: 12, tolerance: 0 },
};
const options = () => ({ backend: "simulated" as const, home });

it("a program ends a run after the round that it wants", async () => {
  const rounds: number[] = [];
  const { stop, reason, result } = await train(spec, {
    ...options(),
    onRound({ round }) {
      rounds.push(round);
      return round === 4 ? "stop" : undefined;
    },
  });
  expect({ stop, reason }).toEqual({ stop: "interrupted", reason: "stopped by onRound" });
  expect(result.rounds).toBeLessThan(8);
  expect(rounds.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
});

it("a program changes rate and wait, the record says so, and a replay gives the same", async () => {
  const plain = await train(spec, options());
  const changed = await train(spec, {
    ...options(),
    onRound({ round }) {
      if (round === 3) return { learningRate: 0.05 };
      if (round === 7) return { wait: { fastest: 3 } };
      return undefined;
    },
  });
  expect(changed).toMatchObject({ stop: "done", result: { rounds: 12 } });
  expect(changed.result.weightsDigest).not.toBe(plain.result.weightsDigest);
  await withOpenRun({ home }, changed.run, async ({ store }, record) => {
    expect(record.spec).toMatchObject({ wait: { fastest: 3 }, optimizer: { learningRate: 0.05 } });
    expect(record.earlier).toMatchObject([
      { wait: "all", optimizer: { learningRate: 0.5 } },
      { wait: "all" },
    ]);
    const replayed = await replayRun(store, record);
    expect(replayed.weightsDigest).toBe(changed.result.weightsDigest);
  });
});

it("a change that the optimizer has no option for is refused", async () => {
  const searching = { ...spec, optimizer: "l-bfgs" as const };
  const refused = train(searching, { ...options(), onRound: () => ({ learningRate: 1 }) });
  await expect(refused).rejects.toMatchObject({ code: "unknown-key" });
});
