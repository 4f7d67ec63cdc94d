import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { protocolVersion } from "../src/tasks/protocol.ts";
import { labelsOf, layoutNow, promisesPath, sourceTexts } from "../test/vectors/names-now.ts";
import { promisesOf } from "../test/vectors/promised.ts";
import { goldenBytes, goldenFolder, makeGolden } from "./goldens/golden.ts";
import { breaches, type GoldenPromises, losses, type Promises } from "./goldens/promises.ts";
import { goldenSpecs } from "./goldens/specs.ts";

/*
 * `node scripts/write-goldens.ts`: for every strategy a store with a run that ended and one that
 * was stopped, as this kofn leaves them. Later versions must go on with the one and replay the
 * other to the same weights. Then the names that states, tasks and stores hold; `--promises` writes
 * those alone. `--only TEXT` takes the goldens whose names hold it: for those that are new. A name
 * that was promised and is gone is refused, whatever else is new; `--drop-names` is for what was
 * taken out of kofn altogether.
 */

const pathOf = (name: string) => join(goldenFolder, `${name}.json.gz`);

async function writeGoldens(only: string): Promise<void> {
  mkdirSync(goldenFolder, { recursive: true });
  let total = 0;
  for (const [name, spec] of Object.entries(goldenSpecs)) {
    if (!name.includes(only)) continue;
    const golden = await makeGolden(spec);
    const bytes = goldenBytes(golden);
    writeFileSync(pathOf(name), bytes);
    total += bytes.length;
    const digests = `${golden.whole.slice(0, 12)} ${golden.resumed.slice(0, 12)}`;
    console.log(`${name.padEnd(26)} ${digests} ${bytes.length} bytes`);
  }
  console.log(`${total} bytes`);
}

async function promisesNow(): Promise<Promises> {
  const goldens: Record<string, GoldenPromises> = {};
  for (const [name, spec] of Object.entries(goldenSpecs)) goldens[name] = await promisesOf(spec);
  return {
    messagesVersion: protocolVersion,
    labels: labelsOf(sourceTexts()),
    layout: layoutNow(),
    goldens,
  };
}

function refuseLosses(now: Promises): void {
  const promised = JSON.parse(readFileSync(promisesPath, "utf8")) as Promises;
  const lost = losses(breaches(promised, now));
  if (lost.length === 0) return;
  console.error(`${lost.join("\n")}\nnothing was written; --drop-names drops them`);
  process.exit(1);
}

const { values } = parseArgs({
  options: {
    promises: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    "drop-names": { type: "boolean", default: false },
  },
});
const promises = await promisesNow();
if (!values["drop-names"]) refuseLosses(promises);
if (!values.promises) await writeGoldens(values.only);
writeFileSync(promisesPath, `${JSON.stringify(promises, null, 1)}\n`);
console.log(`${promisesPath} written`);
