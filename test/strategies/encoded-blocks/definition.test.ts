import { describe, expect, test } from "vitest";
import { weightsDigest, wholeWeights } from "../../../src/run/model-weights.ts";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { blocksPlan } from "../../../src/strategies/encoded-blocks/definition.ts";
import {
  afresh,
  interruptAt,
  killAt,
  recorded,
  scene,
  segment,
  table,
  throughout,
} from "../../simulation/simulated-run.ts";

const data = { source: "table.csv", target: "y" };
const common = { data, problem: "logistic", strategy: "encoded-blocks", workers: 6 };

describe("a spec for encoded blocks", () => {
  test("leaves out what the strategy knows better", () => {
    const spec = resolveSpec(common);
    expect(spec.encoding.type).toBe("hadamard");
    expect(spec.optimizer).toMatchObject({ type: "gradient-descent", step: "safe" });
    expect(spec.strategy).toEqual({ type: "encoded-blocks", penalty: "weights" });
    expect(() => resolveMembers(spec)).not.toThrow();
    expect(resolveSpec({ ...common, strategy: "rounds" }).optimizer.type).toBe("l-bfgs");
  });

  test.each([
    [{ strategy: { type: "encoded-blocks", penalty: "lifted" } }, "biased-penalty", /\|v\|\^2/],
    [{ problem: "lasso" }, "not-smooth", /couples all coordinates/],
    [{ problem: "factorization" }, "bad-combination", /factorization/],
    [{ encoding: "gaussian" }, "unsafe-step", /no tight frame/],
    [{ encoding: { type: "hadamard", encode: "workers" } }, "bad-combination", /whole features/],
    [{ data: { ...data, storage: "bfloat16" } }, "not-packed", /bfloat16/],
    [{ optimizer: "l-bfgs" }, "bad-combination", /negative gradient/],
  ])("%o is refused, with the reason", (change, code, message) => {
    const refused = expect.objectContaining({ code, message: expect.stringMatching(message) });
    expect(() => resolveMembers(resolveSpec({ ...common, ...change }))).toThrow(refused);
  });
});

test("replies that the orchestrator could not hold are refused", async () => {
  const { staged, record } = await scene(common, table(20, 3, 1, true));
  const opening = {
    ...resolveMembers(record.spec),
    ...staged,
    spec: record.spec,
    largestEigenvalue: 1,
  };
  expect(blocksPlan(opening)).toMatchObject({ rows: 20, weightsLength: 4 });
  const long = { ...opening, prepared: { ...staged.prepared, rows: 40_000_000 } };
  expect(() => blocksPlan(long)).toThrow(
    expect.objectContaining({
      code: "replies-too-large",
      message: expect.stringMatching(/40000000 rows for 6 workers: .* 916 MiB, .* 512 MiB/),
    }),
  );
});

describe("a recorded run of encoded blocks", () => {
  const spec = {
    ...common,
    wait: { fastest: 4 },
    stop: { rounds: 12, tolerance: 0 },
    weather: { model: "late", probability: 0.2, delayMs: 60, failures: "5%", duplicates: "5%" },
  };
  const text = table(60, 9, 5, true);

  test("interrupted and killed again and again, it replays to the same weights", async () => {
    const place = await scene(spec, text);
    const { end, segments } = await throughout(place, (count) =>
      count % 2 === 1 ? interruptAt(9 + count) : killAt(place.store, 3 + count),
    );
    expect(segments).toBeGreaterThan(2);
    expect(end.rounds).toBe(12);
    expect((await recorded(place)).digest).toBe(weightsDigest(wholeWeights(end.model)));
  });

  test("waiting for all, interruptions change no bit", async () => {
    const whole = await scene({ ...spec, wait: "all" }, text);
    const straight = await segment(whole);
    const place = await afresh(whole);
    const { end, segments } = await throughout(place, (count) => interruptAt(7 + count));
    expect(segments).toBeGreaterThan(2);
    expect(weightsDigest(wholeWeights(end.model))).toBe(
      weightsDigest(wholeWeights(straight.model)),
    );
  });

  test("it stops when the gradient is small", async () => {
    const place = await scene(
      { ...spec, problem: { type: "ridge", l2: 0.5 }, stop: { rounds: 500, tolerance: 1e-3 } },
      table(60, 9, 5),
    );
    const end = await segment(place);
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.rounds).toBeGreaterThan(3);
    expect(end.rounds).toBeLessThan(500);
  });
});
