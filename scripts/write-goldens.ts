import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { protocolVersion } from "../src/tasks/protocol.ts";
import { labelsNow, promisesIn, promisesPath } from "../test/vectors/promised.ts";
import {
  goldenBytes,
  goldenFolder,
  makeGolden,
  readGolden,
  restoreGolden,
  withTemporaryHome,
} from "./goldens/golden.ts";
import type { GoldenPromises } from "./goldens/promises.ts";
import { goldenSpecs } from "./goldens/specs.ts";

/*
 * `node scripts/write-goldens.ts`: for every strategy a store with a run that ended and one that
 * was stopped, as this kofn leaves them. Later versions must go on with the one and replay the
 * other to the same weights. Then the names that states, tasks and stores hold; `--promises` writes
 * those alone. `--only TEXT` takes the goldens whose names hold it: for those that are new.
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

async function writePromises(): Promise<void> {
  const goldens: Record<string, GoldenPromises> = {};
  for (const name of Object.keys(goldenSpecs))
    goldens[name] = await withTemporaryHome(async (home) => {
      await restoreGolden(readGolden(readFileSync(pathOf(name))), home);
      return (await promisesIn(home)).promises;
    });
  const promises = { messagesVersion: protocolVersion, labels: labelsNow(), goldens };
  writeFileSync(promisesPath, `${JSON.stringify(promises, null, 1)}\n`);
  console.log(`${promisesPath} written`);
}

const { values } = parseArgs({
  options: {
    promises: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
if (!values.promises) await writeGoldens(values.only);
await writePromises();
