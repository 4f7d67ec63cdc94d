import { hash } from "node:crypto";
import { RunError } from "../core/errors.ts";
import { isOfFeatures } from "../data/encode/encode-features.ts";
import { openHome } from "../platform/local/home.ts";
import { claimHome, serveTogether } from "../platform/local/home-claim.ts";
import { openDataSource } from "../platform/open-source.ts";
import { checkSpec } from "../platform/training/check-spec.ts";
import { planInHome, resolveAuto } from "../platform/training/forecast-run.ts";
import { removeAll } from "../ports/remove-all.ts";
import type { Store } from "../ports/store.ts";
import { formatBytes, formatCount } from "../report/format.ts";
import { type Dataset, ingest } from "../run/ingest.ts";
import { readSpec } from "../run/spec-file.ts";
import { parseOverride } from "../spec/overrides.ts";
import { encodedKey, preparedKey } from "../store-layout.ts";
import { collectValues, type Declare } from "./command.ts";
import { progressView } from "./progress.ts";
import { facts } from "./table.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export const declareEncode: Declare = (command, invoke) => {
  command
    .argument("<SPEC>", "a .yaml, .json or .ts file")
    .option(
      "--set <path=value>",
      "change one value of the spec, as in stop.rounds=50; may be repeated",
      collectValues,
      [],
    )
    .option("--json", "the result as a JSON line on standard output")
    .action((path, options) => invoke((terminal) => encodeSpec(path, options, terminal)));
};

/** `kofn encode SPEC`: writes encoded shards and trains nothing. */
export async function encodeSpec(
  path: string,
  options: { readonly set: readonly string[]; readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const settings = options.set.map((text) => parseOverride(text, "--set"));
  const written = checkSpec(await readSpec(path, settings));
  const claim = await claimHome(terminal.home);
  const bar = progressView(terminal, written.stop);
  let staged: Dataset;
  try {
    const { onPhase } = bar;
    const spec = await resolveAuto(written, (open) =>
      planInHome(terminal.home, { spec: open, backend: "emulated", onPhase }),
    );
    const home = await serveTogether(terminal.home, () => openHome(terminal.home));
    try {
      const ports = { open: openDataSource, store: home.store };
      staged = await ingest(spec, ports, bar.onPhase);
      const damaged = await damagedParts(home.store, staged);
      if (damaged.length > 0) {
        terminal.err(`note: ${damaged.length} damaged parts are made again`);
        await removeAll(home.store, damaged);
        staged = await ingest(spec, ports, bar.onPhase);
      }
    } finally {
      await home.close();
    }
  } catch (thrown) {
    if (thrown instanceof RunError) await claim.abandon();
    throw thrown;
  } finally {
    bar.close();
  }
  report(staged, options, terminal);
  return 0;
}

/** Keys of the parts whose bytes are not those of their digest. */
async function damagedParts(store: Store, { prepared, encoded }: Dataset): Promise<string[]> {
  const shards = encoded.slots.flatMap(({ parts }) => parts);
  const digests = new Map(
    [...prepared.train, ...prepared.test, ...shards].map(({ key, sha256 }) => [key, sha256]),
  );
  const damaged: string[] = [];
  for (const [key, sha256] of digests) {
    const bytes = await store.read(key);
    if (bytes === null || hash("sha256", bytes, "hex") !== sha256) damaged.push(key);
  }
  return damaged;
}

function report(
  { prepared, encoded }: Dataset,
  options: { readonly json?: boolean },
  terminal: Terminal,
): void {
  const parts = encoded.slots.flatMap((slot) => slot.parts);
  const storedRows = encoded.slots.reduce((sum, slot) => sum + slot.rows, 0);
  const [stored, ofThem] = isOfFeatures(encoded)
    ? ["lifted features", prepared.columns]
    : ["stored rows", prepared.rows];
  const about = {
    rows: prepared.rows,
    testRows: prepared.testRows,
    features: prepared.columns,
    slots: encoded.slots.length,
    storedRows,
    objects: new Set(parts.map(({ key }) => key)).size,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    prepared: preparedKey(prepared.digest),
    encoded: encodedKey(encoded.digest),
  };
  say(
    terminal,
    options,
  )(
    facts([
      ["rows", `${formatCount(about.rows)} to train on, ${formatCount(about.testRows)} to test on`],
      ["features", formatCount(about.features)],
      ["slots", formatCount(about.slots)],
      [stored, `${formatCount(storedRows)} (${(storedRows / ofThem).toFixed(2)} x)`],
      ["shards", `${formatCount(about.objects)} objects, ${formatBytes(about.bytes)}`],
      ["prepared", `s3://kofn/${about.prepared} in ${terminal.home}`],
      ["encoded", `s3://kofn/${about.encoded} in ${terminal.home}`],
    ]),
  );
  if (options.json === true) printJson(terminal, { type: "result", ...about });
}
