import { writeFile } from "node:fs/promises";
import { messageOf, RunError } from "../core/errors.ts";
import { checkSpec } from "../platform/training/check-spec.ts";
import { withReleaseData } from "../platform/training/release-data.ts";
import { type ReleaseOptions, releaseInputOf } from "../platform/training/release-request.ts";
import { readRanges } from "../platform/training/release-table.ts";
import { calibrateRelease, type ReleaseRequest } from "../privacy/release/calibrate.ts";
import { bestRows, forecaster } from "../privacy/release/forecast.ts";
import type { Released } from "../privacy/release/publish-release.ts";
import type { DataTable } from "../privacy/release/table.ts";
import { adjacencies } from "../privacy/release.ts";
import { formatCount } from "../report/format.ts";
import { readSpec } from "../run/spec-file.ts";
import { parseOverride } from "../spec/overrides.ts";
import { collectValues, type Declare } from "./command.ts";
import { progressView } from "./progress.ts";
import { facts } from "./table.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export const declareRelease: Declare = (command, invoke) => {
  command
    .description(
      "Publishes the data once, with noise, or as random mixtures with noise: whatever is " +
        "trained on that costs no more privacy. Numbers must be bounded by public knowledge.",
    )
    .argument("<SPEC>", "a .yaml, .json or .ts file: its data, and a target of numbers")
    .option("--scheme <name>", "projection (random mixtures) or additive (noise on every number)")
    .option("--epsilon <e>", "what the release may tell")
    .option("--delta <d>", "for (epsilon, delta) of a record")
    .option("--adjacency <name>", "with --delta: zero-out (usually) or, additive only, replace-one")
    .option("--unit <name>", "instead of --delta: mutual information in nats or bits")
    .option("--protects <name>", "with --unit: one entry of the data (usually) or a whole row")
    .option("--ranges <file>", "JSON of public ranges by column, which become -1 to 1")
    .option("--bound <B>", "what each number is clipped to, after ranges", "1")
    .option("--norm <C>", "what each row's norm is clipped to; less noise, more clipping")
    .option("--rows <r>", "projection: how many mixtures; 20 a column where absent")
    .option("--least-eigenvalue <x>", "what other rows hide: 0, a public number, or private", "0")
    .option("--budget <e>", "what all releases of these data may come to")
    .option("--forecast", "release nothing: what either scheme would cost, for the owner's eyes")
    .option("--output <file>", "write the released rows to a CSV file")
    .option(
      "--set <path=value>",
      "change one value of the spec; may be repeated",
      collectValues,
      [],
    )
    .option("--json", "the result as a JSON line on standard output")
    .action((path, options) => invoke((terminal) => releaseCommand(path, options, terminal)));
};

/** `kofn release SPEC`: a private copy, or sketch, of the data, as a file to train on. */
export async function releaseCommand(
  path: string,
  options: ReleaseOptions,
  terminal: Terminal,
): Promise<number> {
  const input = releaseInputOf(options);
  const ranges = options.ranges === undefined ? {} : await readRanges(options.ranges);
  const settings = options.set.map((text) => parseOverride(text, "--set"));
  const spec = checkSpec(await readSpec(path, settings));
  const bar = progressView(terminal, spec.stop);
  const order = { spec, input, ranges, onPhase: bar.onPhase };
  try {
    return await withReleaseData(terminal.home, order, async ({ table, request, ...opened }) => {
      bar.close();
      if (options.forecast === true) {
        forecast(table, request, options, terminal);
        return 0;
      }
      const released = await opened.publish();
      if (options.output !== undefined) await write(options.output, released.csv);
      const target = opened.names.at(-1)!;
      report(released, { request, table, spec: path, target }, options, terminal);
      return 0;
    });
  } finally {
    bar.close();
  }
}

/** What either scheme would cost under this guarantee, for the data's owner. */
function forecast(
  table: DataTable,
  request: ReleaseRequest,
  options: ReleaseOptions,
  terminal: Terminal,
): void {
  const { columns, rows } = table;
  const forecasts = forecaster(table);
  const varianceOf = (one: Partial<ReleaseRequest>) =>
    calibrateRelease({ ...request, ...one }).variance;
  const additive = varianceOf({ scheme: "additive" });
  const chosen = varianceOf({ scheme: "projection" });
  const best = bestRows(forecasts, columns, rows, (r) =>
    varianceOf({ scheme: "projection", rows: r }),
  );
  const errors = {
    additive: forecasts.additive(additive),
    projection: forecasts.projection(request.rows, chosen),
    projectionAtBest: best.error,
    useless: forecasts.useless,
  };
  const wins = errors.projectionAtBest < errors.additive ? "projection" : "additive";
  const percent = (error: number) =>
    Number.isFinite(error) ? `${(100 * error).toPrecision(3)} % above the best` : "not solvable";
  say(
    terminal,
    options,
  )(
    facts([
      ["additive", `${percent(errors.additive)}, noise of variance ${brief(additive)}`],
      [
        "projection",
        `${percent(errors.projection)}, ${formatCount(request.rows)} rows, ` +
          `variance ${brief(chosen)}`,
      ],
      ["", `${percent(best.error)} with the best number of rows, ${formatCount(best.rows)}`],
      ["nothing", `${percent(errors.useless)}: all weights 0`],
      ["wins", wins],
      ["", "made of the private data: for their owner's eyes, no part of the release"],
    ]),
  );
  if (options.json === true)
    printJson(terminal, { type: "result", ...errors, bestRows: best.rows, wins });
}

function report(
  { key, csv, calibrated, spent }: Released,
  about: {
    readonly request: ReleaseRequest;
    readonly table: DataTable;
    readonly spec: string;
    readonly target: string;
  },
  options: ReleaseOptions,
  terminal: Terminal,
): void {
  const { request, table, spec, target } = about;
  const sigma = Math.sqrt(calibrated.variance);
  const isAdditive = request.scheme === "additive";
  const released = isAdditive ? table.rows : request.rows;
  const what = isAdditive
    ? `${formatCount(released)} rows with noise`
    : `${formatCount(released)} random mixtures of ${formatCount(table.rows)} rows`;
  const file = options.output ?? "released.csv";
  const data = `{source: ${file}, target: ${target}, standardize: false, intercept: false}`;
  const rows: [string, string][] = [
    [request.scheme, `${what}, noise of deviation ${brief(sigma)}`],
    ["guarantee", guaranteeInWords(request)],
  ];
  if (spent !== null) rows.push(["spent", `epsilon ${brief(spent)} on these data so far`]);
  rows.push(["released", `s3://kofn/${key} in ${terminal.home}`]);
  if (options.output !== undefined) rows.push(["written", options.output]);
  rows.push(["train with", `kofn run ${spec} --set "data=${data}"`]);
  say(terminal, options)(facts(rows));
  if (options.json !== true) return;
  const { scheme, guarantee } = request;
  const { releases } = calibrated;
  const bytes = csv.length;
  printJson(terminal, {
    type: "result",
    scheme,
    guarantee,
    sigma,
    rows: released,
    releases,
    spent,
    key,
    bytes,
  });
}

function guaranteeInWords({ guarantee }: ReleaseRequest): string {
  const { epsilon } = guarantee;
  if (guarantee.kind === "differential") {
    const { delta, adjacency } = guarantee;
    return `epsilon ${epsilon}, delta ${delta} under ${adjacency}: ${adjacencies[adjacency]}`;
  }
  const { unit, protects } = guarantee;
  return `mutual information of one ${protects}: at most ${epsilon} ${unit}, a weak promise`;
}

function brief(value: number): string {
  return String(Number(value.toPrecision(6)));
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (cause) {
    throw new RunError("unwritable", `--output: ${path}: ${messageOf(cause)}`, {
      hint: "the release is in the home's store; give a path that can be written",
      cause,
    });
  }
}
