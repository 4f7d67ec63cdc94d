import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  goldenFolder,
  partRun,
  readGolden,
  restoreGolden,
  wholeRun,
  withTemporaryHome,
} from "../../scripts/goldens/golden.ts";
import { breaches, type GoldenPromises, type Promises } from "../../scripts/goldens/promises.ts";
import { goldenSpecs } from "../../scripts/goldens/specs.ts";
import { arithmetic } from "../../src/run/arithmetic.ts";
import { protocolVersion } from "../../src/tasks/protocol.ts";
import { kofn } from "../cli/fixtures.ts";
import { labelsNow, promisesIn } from "./promised.ts";

/*
 * Stores that an earlier kofn left: a checkpoint to go on from and a recording to replay for every
 * strategy, and the names in them. node scripts/write-goldens.ts makes them anew, which only a
 * new arithmetic gives a reason for.
 */

const promised = JSON.parse(
  readFileSync(join(import.meta.dirname, "promises.json"), "utf8"),
) as Promises;
const goldens = Object.keys(goldenSpecs).map((name) => ({
  name,
  golden: readGolden(readFileSync(join(goldenFolder, `${name}.json.gz`))),
}));

function breachesOf(name: string, now: GoldenPromises): string[] {
  const only = { ...promised, goldens: { [name]: promised.goldens[name]! } };
  return breaches(only, {
    ...promised,
    messagesVersion: protocolVersion,
    goldens: { [name]: now },
  });
}

describe("an earlier kofn's store", () => {
  for (const { name, golden } of goldens) {
    test.runIf(golden.arithmetic === arithmetic)(`${name}: goes on, replays, keeps its names`, () =>
      withTemporaryHome(async (home) => {
        await restoreGolden(golden, home);
        const { promises, resumed } = await promisesIn(home);
        expect(breachesOf(name, promises)).toEqual([]);
        expect(resumed).toBe(golden.resumed);
        for (const run of [wholeRun, partRun]) {
          const { exitCode, out, err } = await kofn(home, "replay", run);
          expect([exitCode, out, err]).toEqual([0, expect.stringContaining("to the bit"), ""]);
        }
      }),
    );
  }
});

test("every label of a seeded draw is kept", () => {
  expect(breaches({ ...promised, goldens: {} }, { ...promised, labels: labelsNow() })).toEqual([]);
});

test("every golden's names are listed, and every strategy has a golden", () => {
  expect(Object.keys(promised.goldens)).toEqual(Object.keys(goldenSpecs));
  const strategies = new Set(Object.values(promised.goldens).map(({ strategy }) => strategy));
  expect(strategies.size).toBe(8);
});

describe("a planted rename is told, and which promise it breaks", () => {
  const rounds = promised.goldens.rounds!;
  const renamed = (of: "state" | "tasks" | "replies" | "taskNames" | "keys") => {
    const [first, ...rest] = rounds[of];
    const now = { ...rounds, [of]: [...rest, `${first}X`] };
    return breaches(promised, { ...promised, goldens: { ...promised.goldens, rounds: now } });
  };
  test.each([
    ["state", /raise the strategy's stateVersion/],
    ["tasks", /raise messagesVersion/],
    ["replies", /raise messagesVersion/],
    ["taskNames", /recordings find tasks by this name/],
    ["keys", /stores hold objects under this key/],
  ] as const)("%s", (of, why) => {
    const [gone, added, ...rest] = renamed(of);
    expect(gone).toMatch(why);
    expect(gone).toContain(`rounds: ${of}: ${rounds[of][0]} is gone`);
    expect(added).toContain("is new");
    expect(rest).toEqual([]);
  });

  test("a label", () => {
    const [, ...labels] = promised.labels;
    const found = breaches(promised, { ...promised, labels });
    expect(found).toEqual([`labels: ${promised.labels[0]} is gone: ${labelWhy}`]);
  });

  test("a state of a raised version may differ", () => {
    const now = { ...rounds, stateVersion: rounds.stateVersion + 1, state: ["other"] };
    const goldens = { ...promised.goldens, rounds: now };
    expect(breaches(promised, { ...promised, goldens })).toEqual([]);
  });
});

const labelWhy = "draws of every seed hang on this label";
