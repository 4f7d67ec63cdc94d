import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { expect, test } from "vitest";
import { goldenFolder, partRun, readGolden } from "../../scripts/goldens/golden.ts";
import { quietBuiltins } from "../../scripts/quiet-builtins.ts";
import { withoutNetworks } from "../../scripts/without-networks.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import { storeAt } from "../../src/platform/local/home.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { arithmetic } from "../../src/run/arithmetic.ts";
import { protocolVersion } from "../../src/tasks/protocol.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";
import { movableClock } from "./movable-clock.ts";

/** A deployment in the middle of a run: what is new must get along with what is still there. */

const root = join(import.meta.dirname, "../..");

/** The sources as a later version would have them, which speaks these messages. */
function speaking(version: number, oldest: number): Plugin {
  return {
    name: "another version of the messages",
    setup(bundle) {
      bundle.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        if (!/^export const protocolVersion = /m.test(text)) return undefined;
        const contents = text
          .replace(/^(export const protocolVersion = )\d+/m, `$1${version}`)
          .replace(/^(export const oldestProtocolVersion = )\d+/m, `$1${oldest}`);
        return { contents, loader: "ts" };
      });
    },
  };
}

/** The worker's bundle of that version, for as long as `use` takes. */
async function withWorker<T>(
  version: number,
  oldest: number,
  use: (worker: { directory: string }) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "kofn-worker-"));
  try {
    await build({
      entryPoints: { worker: join(root, "functions/worker.ts") },
      outdir: directory,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      target: "node22",
      format: "esm",
      mainFields: ["module", "main"],
      plugins: [speaking(version, oldest), quietBuiltins, withoutNetworks],
      logLevel: "warning",
    });
    return await use({ directory });
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("an orchestrator that is still the old one goes on with the next version's workers", () =>
  withWorker(protocolVersion + 1, protocolVersion, async (worker) => {
    await using cloud = await illCloud({ worker });
    const { end, result, events } = await cloud.train();
    expect(end.stop.kind).toBe("done");
    expect(result.weightsDigest).toBe(await undisturbed());
    expect(events.filter((event) => event.type === "arrival" && event.fate === "lost")).toEqual([]);
  }));

test("two versions apart it is refused, and both sides are named", () =>
  withWorker(protocolVersion + 2, protocolVersion + 1, async (worker) => {
    await using cloud = await illCloud({ worker });
    const clock = movableClock();
    const listen = (event: RunEvent) => {
      if (event.type === "arrival" && event.fate === "lost") clock.skip(600_000);
    };
    const { end } = await cloud.train({ spec: given, clock, listen });
    const spoken = `versions ${protocolVersion + 1} to ${protocolVersion + 2}`;
    expect(end.stop).toMatchObject({
      kind: "unfinished",
      reason: expect.stringContaining(
        `this worker speaks ${spoken} of kofn's messages, the request ${protocolVersion}`,
      ),
    });
  }));

const golden = readGolden(readFileSync(join(goldenFolder, "dp-sgd.json.gz")));

test.runIf(golden.arithmetic === arithmetic)(
  "a new deployment ends what the old one began, with the weights that it would have had",
  async () => {
    await using cloud = await illCloud({});
    const store = storeAt(cloud.access);
    for (const [key, base64] of Object.entries(golden.objects))
      await store.write(key, new Uint8Array(Buffer.from(base64, "base64")));
    const { end, result } = await cloud.train({ record: await readRecord(store, partRun) });
    expect(end.stop.kind).toBe("done");
    expect(result.weightsDigest).toBe(golden.resumed);
  },
);
