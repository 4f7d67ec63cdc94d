import { expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { weightsDigest, wholeWeights } from "../../../src/run/model-weights.ts";
import {
  afresh,
  interruptAt,
  killAt,
  recorded,
  scene,
  segment,
  throughout,
} from "../../simulation/simulated-run.ts";

/** Ratings as a file holds them. */
function ratingsFile(): string {
  const random = randomFrom("ratings file");
  const lines = Array.from({ length: 300 }, () => {
    const [user, item] = [random.integer(20), random.integer(15)];
    return `u${user},i${item},${3 + Math.sin(user * item) + random.normal() / 4}`;
  });
  return `user,item,rating\n${lines.join("\n")}\n`;
}

const spec = {
  problem: { type: "factorization", rank: 2, l2: 0.01 },
  data: { source: "table.csv", target: "rating" },
  strategy: { type: "alternating", epochs: 2, iterations: 3, exactBelow: 16 },
  workers: 5,
  stop: { patience: 1_000 },
};
const stormy = { model: "late", probability: 0.3, delayMs: 70, failures: 0.1, hangs: 0.01 };

test("killed and interrupted, a run that waits for all ends at the same bits", async () => {
  const start = await scene({ ...spec, wait: "all" }, ratingsFile());
  const whole = await segment(await afresh(start));
  const cut = await afresh(start);
  const { end, segments } = await throughout(cut, (count) => {
    if (count < 3) return interruptAt(20 * count + 3);
    return count === 3 ? killAt(cut.store, 4) : {};
  });
  expect(segments).toBe(4);
  expect(end.stop).toEqual({ kind: "done" });
  expect(end.rounds).toBe(whole.rounds);
  expect(weightsDigest(wholeWeights(end.model))).toBe(weightsDigest(wholeWeights(whole.model)));
});

test("interrupted in a storm, what was recorded replays to the same bits", async () => {
  const start = await scene({ ...spec, wait: { fastest: 3 }, weather: stormy }, ratingsFile());
  const { end, segments } = await throughout(start, (count) =>
    count < 3 ? interruptAt(count * 17) : {},
  );
  expect(segments).toBe(3);
  const { events, digest, savedDigest } = await recorded(start);
  expect(events.filter((event) => event.type === "resumed")).toHaveLength(2);
  expect(digest).toBe(weightsDigest(wholeWeights(end.model)));
  expect(savedDigest).toBe(digest);
});

test.each([
  { encoding: { type: "hadamard", encode: "workers" } },
  { encoding: { type: "gradient-code", stragglers: 2, arrangement: "cyclic" } },
  { encoding: { type: "steiner" }, wait: { fastest: 3 } },
  { encoding: { type: "haar" }, wait: { deadline: 50, atLeast: 2 } },
  { wait: "adaptive" },
  { wait: { speculate: {} } },
])("any code and any wait will do: %j", async (more) => {
  const start = await scene({ ...spec, ...more, weather: stormy }, ratingsFile());
  const end = await segment(start);
  expect(end.stop).toEqual({ kind: "done" });
  expect(wholeWeights(end.model).every(Number.isFinite)).toBe(true);
  expect((await recorded(start)).digest).toBe(weightsDigest(wholeWeights(end.model)));
});
