import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  breaches,
  broken,
  type GoldenPromises,
  type Promises,
} from "../../scripts/goldens/promises.ts";
import { randomFrom } from "../../src/core/random.ts";
import { campaign } from "../campaign.ts";
import { temporaryFolder } from "../emulator/s3-listener.ts";
import { readTexts } from "../style/source-tree.ts";
import { promisesPath } from "./names-now.ts";
import { type Planted, type PlantedName, plantedIn, plantsFor } from "./planted-names.ts";

/*
 * A name changed in the source, everywhere alike, as somebody would who refactors: the copy runs,
 * and the promise that it breaks is told by name. `npm test` takes one of a state and one key, as
 * goldens.test.ts tells of names of all kinds without a copy, `npm run soak` every name that can be
 * changed without a thought for what it means.
 */

const root = join(import.meta.dirname, "../..");
const copied = ["src", "scripts/goldens", "scripts/bits"];
/** The second holds the networks that goldens' specs name. */
const alone = ["test/vectors/promised.ts", "test/fixtures/networks", "package.json"];
const promised = JSON.parse(readFileSync(promisesPath, "utf8")) as Promises;
const texts = Object.fromEntries(
  Object.entries(readTexts(root, ["src", "scripts", "test"], [".ts"])).filter(
    ([path]) => path === alone[0] || copied.some((folder) => path.startsWith(`${folder}/`)),
  ),
);
const folder = temporaryFolder();

beforeAll(() => {
  for (const path of [...copied, ...alone]) {
    mkdirSync(dirname(join(folder.path, path)), { recursive: true });
    cpSync(join(root, path), join(folder.path, path), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder.path, "node_modules"));
  writeFileSync(
    join(folder.path, "names.ts"),
    `import { goldenSpecs } from "./scripts/goldens/specs.ts";
import { promisesOf } from "./test/vectors/promised.ts";
console.log(JSON.stringify(await promisesOf(goldenSpecs[process.argv[2]!]!)));`,
  );
});
afterAll(() => folder.remove());

/** The names in the runs of a golden's spec, by the copy with these changes. */
function namesOf(golden: string, changed: Readonly<Record<string, string>>): GoldenPromises {
  for (const [path, text] of Object.entries(changed)) writeFileSync(join(folder.path, path), text);
  try {
    const { stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", "names.ts", golden], {
      cwd: folder.path,
      encoding: "utf8",
      maxBuffer: 1 << 26,
      // Threads of the copy's own sources.
      env: { ...process.env, KOFN_ENTRIES: undefined },
    });
    expect(stdout, stderr).not.toBe("");
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as GoldenPromises;
  } finally {
    for (const path of Object.keys(changed)) writeFileSync(join(folder.path, path), texts[path]!);
  }
}

function breachesOf({ golden, changed }: Planted): string[] {
  return breaches(
    { ...promised, goldens: { [golden]: promised.goldens[golden]! } },
    { ...promised, goldens: { [golden]: namesOf(golden, changed) } },
  );
}

test("the copy as it is keeps every promise", () => {
  expect(breachesOf({ golden: "rounds", changed: {}, kind: "state", name: "", entry: "" })).toEqual(
    [],
  );
});

const all = plantsFor(promised, texts);
const perKind = campaign({ state: 1, tasks: 0, replies: 0, taskNames: 0, keys: 1 }, null);
const kinds = Object.keys(broken) as (keyof typeof broken)[];

describe.each(kinds)("%s", (kind) => {
  // By a draw of each name's own, so that one more among them seldom changes who is taken.
  const draw = ({ name }: PlantedName) => randomFrom(`renames/${kind}/${name}`).uniform();
  const plants = all.filter((one) => one.kind === kind).sort((a, b) => draw(a) - draw(b));
  const chosen = perKind === null ? plants : plants.slice(0, perKind[kind]);

  test("some names can be changed so", () => {
    expect(plants.length).toBeGreaterThan(0);
  });

  test.each(chosen)("$golden: $name is told", (plant) => {
    const found = breachesOf({ ...plant, changed: plantedIn(plant, texts) });
    expect(found).toContain(`${plant.golden}: ${kind}: ${plant.entry} is gone: ${broken[kind]}`);
  });
});
