import { join, resolve } from "node:path";

/** Where the bundles are with which threads and processes of tests begin. */
export const entriesFolder = "node_modules/.cache/kofn-entries";

/** Besides what the sources start themselves: what tests start. */
export const ownEntries = {
  main: "src/cli/main",
  driver: "test/fixtures/run/driver",
  "s3-child": "test/emulator/s3-child",
} as const;

/** What a process of a test's begins with, in one file. */
export function entryPath(name: keyof typeof ownEntries): string {
  return join(resolve(entriesFolder), `${name}.js`);
}
