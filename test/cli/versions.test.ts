import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunRecord } from "../../src/journal/run-record.ts";
import { openHome } from "../../src/platform/local/home.ts";
import type { Store } from "../../src/ports/store.ts";
import { recordKey, stateKey } from "../../src/store-layout.ts";
import { fromPacket, toPacket } from "../../src/wire/packet.ts";
import { kofn, newFolder, smallSpec } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";

beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  const spec = join(folder.path, "run.yaml");
  await writeFile(spec, smallSpec);
  const ended = await kofn(home, "simulate", spec, "--name", "part", "--set", "stop.seconds=0.5");
  expect(ended.exitCode, ended.err).toBe(4);
});
afterAll(() => folder.remove());

async function inStore<T>(act: (store: Store) => Promise<T>): Promise<T> {
  const opened = await openHome(home);
  return act(opened.store).finally(() => opened.close());
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The record as it is, whatever its version. */
async function recorded(store: Store): Promise<RunRecord> {
  return JSON.parse(text((await store.read(recordKey("part")))!)) as RunRecord;
}

/** With one object changed meanwhile; then as it was. */
async function meanwhile(
  keyOf: (record: RunRecord) => string,
  change: (bytes: Uint8Array) => Uint8Array,
  act: () => Promise<void>,
): Promise<void> {
  const { key, before } = await inStore(async (store) => {
    const key = keyOf(await recorded(store));
    const before = (await store.read(key))!;
    await store.write(key, change(before));
    return { key, before };
  });
  await act();
  await inStore(async (store) => {
    expect(await store.read(key)).toEqual(change(before));
    await store.write(key, before);
  });
}

const versioned = (version: unknown) => (bytes: Uint8Array) =>
  written({ ...JSON.parse(text(bytes)), version });

/** As it is stored where nothing was sealed yet. */
function written({ sha256: _, ...object }: Readonly<Record<string, unknown>>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(object));
}

async function refused(words: string, ...args: string[]): Promise<void> {
  const { exitCode, err } = await kofn(home, ...args);
  expect([exitCode, err]).toEqual([2, expect.stringContaining(words)]);
  expect(err).toContain("hint: ");
}

test("a checkpoint of another version is refused with the kofn that can go on, and stays", () =>
  meanwhile(
    () => stateKey("part"),
    (bytes) => toPacket({ ...fromPacket<object>(bytes), version: 41, kofn: "4.1.0" }),
    async () => {
      const words = "version 41 of rounds's states, written by kofn 4.1.0";
      await refused(words, "resume", "part");
      await refused(words, "resume", "part", "--set", "stop.seconds=1000");
      await refused("go on with kofn 4.1.0 or a newer one", "resume", "part");
    },
  ));

test.each([
  ["a record", () => recordKey("part"), 2, ["show", "part"]],
  ["a record", () => recordKey("part"), undefined, ["resume", "part"]],
  ["prepared data", (record: RunRecord) => record.prepared, 2, ["resume", "part"]],
  ["encoded data", (record: RunRecord) => record.encoded, "1", ["resume", "part"]],
  ["encoded data", (record: RunRecord) => record.encoded, 2, ["replay", "part"]],
] as const)("%s of another version is refused (%#)", (_what, keyOf, version, args) =>
  meanwhile(keyOf, versioned(version), () => refused("expected 1", ...args)),
);

test("how rows become features has a version of its own", () =>
  meanwhile(
    ({ prepared }) => prepared,
    (bytes) => {
      const manifest = JSON.parse(text(bytes)) as { preparation: object };
      const preparation = { ...manifest.preparation, version: 5 };
      return written({ ...manifest, preparation });
    },
    () => refused("preparation: its version is 5, expected 1", "resume", "part"),
  ));

test("a record that is no JSON is damaged, not a fault in kofn", () =>
  meanwhile(
    () => recordKey("part").replace("part", "part"),
    () => new TextEncoder().encode("{ half"),
    () => refused("runs/part/run.json: it is damaged", "show", "part"),
  ));

test("the record says who began it, and holds every option that was left out", async () => {
  const { kofn: version, strategy, stateVersion, spec } = await inStore(recorded);
  expect({ version, strategy, stateVersion }).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    strategy: "rounds",
    stateVersion: 2,
  });
  expect(spec.optimizer).toEqual({ type: "l-bfgs", memory: 10, backOff: 0.9 });
  expect(spec.strategy).toEqual({ type: "rounds", exact: false, exactEvery: 5 });
  expect(spec.stop).toMatchObject({ patience: 60 });
  expect(spec.weather).toMatchObject({ model: "lambda", failures: 0, baseMs: 8 });
});

test("a run goes on once its objects are as they were", async () => {
  const { exitCode, err } = await kofn(home, "resume", "part", "--set", "stop.seconds=1000");
  expect(exitCode, err).toBe(0);
  expect((await kofn(home, "replay", "part")).exitCode).toBe(0);
});
