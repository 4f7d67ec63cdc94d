import { checkSpec } from "../backends/check-spec.ts";
import { openHome } from "../backends/home.ts";
import { claimHome, serveAlone } from "../backends/home-claim.ts";
import { openSource } from "../backends/open-source.ts";
import { planInHome, settled } from "../backends/plan-run.ts";
import { RunError } from "../core/errors.ts";
import { isOfFeatures } from "../data/encode-features.ts";
import { formatBytes, formatCount } from "../report/format.ts";
import { encodedKey, preparedKey } from "../run/keys.ts";
import { parseSetting } from "../run/settings.ts";
import { readSpec } from "../run/spec-file.ts";
import { type Staged, stageData } from "../run/stage.ts";
import { progress } from "./progress.ts";
import { facts } from "./table.ts";
import { say, type Terminal, tell } from "./terminal.ts";

/** `kofn encode SPEC`: writes encoded shards and trains nothing. */
export async function encode(
  path: string,
  options: { readonly set: readonly string[]; readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const settings = options.set.map((text) => parseSetting(text, "--set"));
  const given = checkSpec(await readSpec(path, settings));
  const claim = await claimHome(terminal.home);
  const bar = progress(terminal, given.stop);
  let staged: Staged;
  try {
    const { onStage } = bar;
    const spec = await settled(given, (open) =>
      planInHome(terminal.home, { spec: open, backend: "emulated", onStage }),
    );
    const home = await serveAlone(terminal.home, () => openHome(terminal.home));
    try {
      staged = await stageData(spec, { open: openSource, store: home.store }, bar.onStage);
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

function report(
  { prepared, encoded }: Staged,
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
  if (options.json === true) tell(terminal, { type: "result", ...about });
}
