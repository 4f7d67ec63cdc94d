import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  checkGoldenArithmetic,
  goldenFolder,
  partRun,
  readGolden,
  restoreGolden,
  wholeRun,
  withTemporaryHome,
} from "../../scripts/goldens/golden.ts";
import {
  breaches,
  broken,
  type GoldenPromises,
  labelWhy,
  losses,
  type Promises,
} from "../../scripts/goldens/promises.ts";
import { goldenSpecs } from "../../scripts/goldens/specs.ts";
import { resume } from "../../src/index.ts";
import { arithmetic } from "../../src/run/arithmetic.ts";
import { protocolVersion } from "../../src/tasks/protocol.ts";
import { kofn } from "../cli/fixtures.ts";
import { labelsOf, layoutNow, promisesPath, sourceTexts } from "./names-now.ts";
import { promisesOf } from "./promised.ts";

/*
 * Stores that an earlier kofn left: a checkpoint to go on from and a recording to replay for every
 * strategy; and the names that this one writes. node scripts/write-goldens.ts makes them anew, for
 * which only a new arithmetic gives a reason.
 */

const promised = JSON.parse(readFileSync(promisesPath, "utf8")) as Promises;
const goldens = Object.entries(goldenSpecs).map(([name, spec]) => ({
  name,
  spec,
  golden: readGolden(readFileSync(join(goldenFolder, `${name}.json.gz`))),
}));

/** Breaches where only this golden's names are looked at. */
function breachesOf(name: string, kept: GoldenPromises, now: GoldenPromises): string[] {
  const rest = { ...promised, messagesVersion: protocolVersion };
  return breaches(
    { ...promised, goldens: { [name]: kept } },
    { ...rest, goldens: { [name]: now } },
  );
}

const kinds = Object.keys(broken) as (keyof typeof broken)[];

describe.each(goldens)("$name", ({ name, spec, golden }) => {
  test("an earlier kofn's store: the stopped run goes on, both replay", async () => {
    checkGoldenArithmetic(name, golden, arithmetic);
    await withTemporaryHome(async (home) => {
      await restoreGolden(golden, home);
      const { result } = await resume(partRun, { home });
      expect(result.weightsDigest).toBe(golden.resumed);
      for (const run of [wholeRun, partRun]) {
        const { exitCode, out, err } = await kofn(home, "replay", run);
        // On a busy machine a replay tells how far it is.
        const progress = err.replace(/^replayed [\d,]+ rounds\n/gm, "");
        expect([exitCode, out, progress]).toEqual([0, expect.stringContaining("to the bit"), ""]);
      }
    });
  });

  test("this kofn's names are the promised ones, and a change of any of them is told", async () => {
    const now = await promisesOf(spec);
    const kept = promised.goldens[name]!;
    expect(breachesOf(name, kept, now)).toEqual([]);
    // As if the code had another name for it than the list, one name after the other.
    for (const kind of kinds)
      for (const [i, one] of kept[kind].entries()) {
        const before = { ...kept, [kind]: kept[kind].with(i, `${one}Before`) };
        expect(breachesOf(name, before, now)).toEqual([
          `${name}: ${kind}: ${one}Before is gone: ${broken[kind]}`,
          `${name}: ${kind}: ${one} is new: node scripts/write-goldens.ts --promises lists it`,
        ]);
      }
  });
});

test("every label of a seeded draw is kept, and every key and prefix of stores", () => {
  const now = { ...promised, labels: labelsOf(sourceTexts()), layout: layoutNow() };
  expect(breaches({ ...promised, goldens: {} }, now)).toEqual([]);
});

test("every label that the source has otherwise is told", () => {
  const texts = sourceTexts();
  const now = labelsOf(texts);
  const uses = /\b(randomFrom|fork)\(\s*(["`])/g;
  let planted = 0;
  for (const [path, text] of Object.entries(texts)) {
    if (path.startsWith("src/testing/")) continue;
    for (const use of text.matchAll(uses)) {
      const at = use.index + use[0].length;
      const other = { ...texts, [path]: `${text.slice(0, at)}Planted ${text.slice(at)}` };
      const found = breaches(
        { ...promised, labels: now, goldens: {} },
        { ...promised, labels: labelsOf(other) },
      );
      expect(losses(found).join(), `${path}: ${use[0]}`).toMatch(`is gone: ${labelWhy}`);
      planted++;
    }
  }
  expect(planted).toBe(now.length);
});

test("every golden's names are listed, and every strategy has a golden", () => {
  expect(Object.keys(promised.goldens)).toEqual(Object.keys(goldenSpecs));
  const strategies = new Set(Object.values(promised.goldens).map(({ strategy }) => strategy));
  expect(strategies.size).toBe(9);
});

test("a golden of another arithmetic fails, and says what to record", () => {
  const { name, golden } = goldens[0]!;
  expect(() => checkGoldenArithmetic(name, golden, golden.arithmetic + 1)).toThrow(
    /record goldens anew with node scripts\/write-goldens\.ts.*it refuses to lose one/s,
  );
});

test("a state of a raised version, and messages of one, may differ", () => {
  const kept = promised.goldens.rounds!;
  const migrated = { ...kept, stateVersion: kept.stateVersion + 1, state: ["other"] };
  expect(breachesOf("rounds", kept, migrated)).toEqual([]);
  const asked = { ...kept, tasks: ["other"], replies: ["other"] };
  const now = { ...promised, messagesVersion: promised.messagesVersion + 1 };
  expect(breaches(promised, { ...now, goldens: { ...promised.goldens, rounds: asked } })).toEqual(
    [],
  );
});
