import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { readTexts } from "./source-tree.ts";

/** Files of the source that nothing but tests imports, and why they stand there. */
const others: Readonly<Record<string, string>> = {
  "src/data/formats/parquet-thread.ts": "a thread of its own",
  "src/data/formats/text-thread.ts": "a thread of its own",
  "src/emulator/emulator-child.ts": "a process of its own",
  "src/emulator/emulator-host.ts": "a process of its own",
  "src/emulator/lambda/snapshot-taker.ts": "a process of its own",
  "src/emulator/runtime/main.ts": "a process of its own",
  "src/index.ts": "the package",
  "src/platform/local/members-child.ts": "a process of its own",
  "src/platform/local/parts-thread.ts": "a thread of its own",
  "src/platform/local/thread-worker.ts": "a thread of its own",
  "src/platform/local/worker-snapshot.ts": "a script of which Node takes a snapshot",
  "src/platform/cloud/all-effects.ts": "what roles are made of, by npm run infra",
  "src/privacy/observers.ts": "attacks, for benches as well",
  "src/report/live/main.ts": "the live page's script",
  "src/report/page/main.ts": "the page's script",
  "src/storage/disk.ts": "a store for whoever has a folder and no S3",
  "src/testing/public.ts": "the package's kofn/testing",
  "src/tfjs/optimizers/public.ts": "the package's kofn/tfjs",
  "src/model-parallel/check-schedule.ts": "waits for schedules that people write",
  "src/model-parallel/ranks.ts": "waits for pipelines side by side",
};

test("what only tests import does not stand in src", () => {
  const root = join(import.meta.dirname, "../..");
  const texts = readTexts(root, ["src", "infra", "functions"], [".ts"]);
  const imported = new Set<string>();
  for (const [path, text] of Object.entries(texts))
    for (const [, given = ""] of text.matchAll(/"([\w./-]+)\.[tj]s"/g))
      imported.add(`${posix.join(posix.dirname(path), given)}.ts`);
  const sources = Object.keys(texts).filter((path) => path.startsWith("src/"));
  expect(sources.length).toBeGreaterThan(500);
  const lonely = sources.filter((path) => !imported.has(path));
  expect(lonely.sort()).toEqual(Object.keys(others).sort());
});
