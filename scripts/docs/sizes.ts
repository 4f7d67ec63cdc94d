import { zipBytes } from "../../bench/startup/load.ts";
import { bundleFolder } from "../../src/platform/local/paths.ts";

/** Prints how large the deployed functions are, zipped: `node scripts/docs/sizes.ts`. */
const names = ["worker", "network-worker", "orchestrator", "preparer", "predictor"] as const;
for (const name of names) {
  const kilobytes = zipBytes(await bundleFolder(name)) / 1000;
  console.log(`${name.padEnd(16)} ${kilobytes.toFixed(0)} KB`);
}
