import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { kofnVersion } from "../../src/core/version.ts";
import { noTotals } from "../../src/journal/checkpoint.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { resumable, stateShape } from "../../src/run/state-version.ts";
import { strategies } from "../../src/strategies/registry.ts";

const spec = resolveSpec({
  problem: "ridge",
  data: { generate: { type: "regression", rows: 20 } },
});
const record = { run: "calm-gull", spec };
const now = stateShape(record);
const saved = { ...now, sequence: 3, elapsedMs: 5, totals: noTotals, state: { round: 2 } };

test("a state of this version is taken as it is; its next checkpoint names this kofn", () => {
  expect(now).toEqual({
    strategy: "rounds",
    version: strategies.create(spec.strategy).stateVersion,
    kofn: kofnVersion,
  });
  expect(resumable(record, null)).toBeNull();
  expect(resumable(record, { ...saved, kofn: "0.2.7" })).toEqual(saved);
});

test("a state that names no version is the first one's", () => {
  const { strategy: _strategy, version: _version, kofn: _kofn, ...bare } = saved;
  const given = bare as typeof saved;
  expect(resumable(record, given, { stateVersion: 1 })).toEqual({ ...saved, version: 1 });
  expect(() => resumable(record, given, { stateVersion: 2 })).toThrow(
    /^calm-gull: .* version 1 of rounds's states, written by kofn 0\.1\.0; .* from version 2$/,
  );
});

test("an older state is migrated where the strategy can", () => {
  const migrate = (state: object, version: number) =>
    version === 1 ? { ...state, passes: 0 } : null;
  const found = resumable(record, { ...saved, version: 1 }, { stateVersion: 3, migrate });
  expect(found).toEqual({ ...saved, version: 3, state: { round: 2, passes: 0 } });
  expect(() =>
    resumable(record, { ...saved, version: 2, kofn: "0.3.1" }, { stateVersion: 3, migrate }),
  ).toThrow(
    expect.objectContaining({
      code: "other-state",
      hint: "go on with kofn 0.3.1, or start it anew with this one",
    }),
  );
});

test("a newer state, and another strategy's, are refused", () => {
  const migrate = () => ({});
  expect(() =>
    resumable(record, { ...saved, version: 9, kofn: "0.9.0" }, { stateVersion: 2, migrate }),
  ).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("kofn 0.9.0 or a newer one") }),
  );
  expect(() => resumable(record, { ...saved, strategy: "gossip" })).toThrow(
    "calm-gull: its checkpoint is a state of gossip, its record says rounds",
  );
});

test("turns is async-sgd, in specs, records and checkpoints", () => {
  const data = { generate: { type: "regression", rows: 20 } };
  const of = (strategy: string) => resolveSpec({ problem: "ridge", data, strategy });
  expect(of("turns")).toEqual(of("async-sgd"));
  expect(of("turns").strategy.type).toBe("async-sgd");
  const old = { run: "old", spec: { ...of("turns"), strategy: { type: "turns", memory: true } } };
  const today = { ...saved, strategy: "async-sgd" };
  expect(stateShape(old).strategy).toBe("async-sgd");
  for (const record of [old, { run: "new", spec: of("async-sgd") }])
    for (const strategy of ["turns", "async-sgd"])
      expect(resumable(record, { ...today, strategy })).toEqual(today);
  expect(() => resumable(old, { ...saved, strategy: "gossip" })).toThrow(/a state of gossip/);
});

test("this kofn's version is the package's", () => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  expect((JSON.parse(text) as { version: string }).version).toBe(kofnVersion);
});
