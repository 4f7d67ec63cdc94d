import type { RunRecord } from "../journal/run-record.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import type { ResultEvent } from "../ports/events.ts";
import { layerTensors } from "./named-tensors.ts";
import { hubModelFile } from "./read-model.ts";
import { safetensorsOf } from "./safetensors-file.ts";
import type { ModelFiles } from "./write-files.ts";

/** What a model card tells of the run behind a model; the result is null before its end. */
export interface ModelOrigin {
  readonly record: RunRecord;
  readonly result: ResultEvent | null;
}

/**
 * A folder as model hubs want it: `model.safetensors`, `config.json`, and a model card written from
 * the run: its data's digest, metrics, privacy and cost. Metrics are those that the run tells.
 */
export function hubFiles(model: TrainedModel, about: ModelOrigin): ModelFiles {
  const encoder = new TextEncoder();
  return [
    { name: hubModelFile, bytes: safetensorsOf(model) },
    {
      name: "config.json",
      bytes: encoder.encode(`${JSON.stringify(configOf(model, about), null, 2)}\n`),
    },
    { name: "README.md", bytes: encoder.encode(modelCard(model, about)) },
  ];
}

function configOf({ run, problem, preparation }: TrainedModel, { record }: ModelOrigin): object {
  const { facts: _facts, ...chosen } = problem;
  return {
    model_type: "kofn",
    run,
    kofn: record.kofn,
    problem: chosen,
    features: preparation.featureNames,
    target: preparation.target,
    preparation,
  };
}

function modelCard(model: TrainedModel, { record, result }: ModelOrigin): string {
  const { problem, preparation } = model;
  const { target } = preparation;
  const task = taskOf(model);
  const day = record.startedAt.slice(0, 10);
  const head = ["---", "library_name: kofn", ...(task === null ? [] : [`pipeline_tag: ${task}`])];
  const what =
    target.classes === null
      ? `Predicts the number ${code(target.name)}`
      : `Tells ${target.classes.length} classes of ${code(target.name)} apart`;
  const tensors = Object.entries(layerTensors(model)).map(
    ([name, { shape }]) => `| ${code(name)} | ${shape.join(" x ")} |`,
  );
  return [
    [...head, "tags: [kofn]", "---"].join("\n"),
    `# ${model.run}`,
    `${what} from ${preparation.columns.length || preparation.featureNames.length} columns, by ` +
      `${code(problem.type)}. Trained by kofn ${record.kofn ?? ""} on ${day}.`,
    "## Use",
    usage,
    "Rows are raw: the preparation is part of the model (`config.json` shows it).",
    "## Training",
    table(["", ""], trainingRows(record, result)),
    ...metricSections(result),
    ...privacySections(record, result),
    "## Tensors",
    ["| tensor | shape |", "|---|---|", ...tensors].join("\n"),
    "",
  ].join("\n\n");
}

const usage = `\`\`\`js
import { loadModel } from "kofn";
import type { ModelFiles } from "./write-files.ts";
const model = await loadModel("./path/of/this/folder");
const predictions = await model.predict(rows);
\`\`\``;

function taskOf({ preparation }: TrainedModel): string | null {
  if (preparation.pairs !== undefined) return "translation";
  if (preparation.text !== undefined) return "text-generation";
  if (preparation.columns.length === 0) return null;
  return preparation.target.classes === null ? "tabular-regression" : "tabular-classification";
}

function trainingRows(record: RunRecord, result: ResultEvent | null): [string, string][] {
  const { spec } = record;
  const rows: [string, string][] = [
    ["data", `digest ${code(record.prepared.replace(/^prepared\/|\.json$/g, ""))}`],
    ["optimizer", code(spec.optimizer.type)],
    ["encoding", `${code(spec.encoding.type)}, ${spec.workers} workers`],
    ["seed", String(spec.seed)],
  ];
  if (result === null) return rows;
  return [
    ...rows,
    ["rounds", String(result.rounds)],
    ["time", `${brief(result.seconds)} s`],
    ["cost", `$${brief(result.dollars)}`],
    ["weights", `digest ${code(result.weightsDigest)}`],
  ];
}

function metricSections(result: ResultEvent | null): string[] {
  const sets = Object.entries(result?.metrics ?? {}).filter(
    ([, values]) => Object.keys(values).length > 0,
  );
  if (sets.length === 0) return [];
  const rows = sets.flatMap(([rowsOf, values]) =>
    Object.entries(values).map(([name, value]): [string, string] => [
      `${name} on ${rowsOf} rows`,
      brief(value),
    ]),
  );
  return ["## Metrics", table(["metric", "value"], rows)];
}

function privacySections({ spec }: RunRecord, result: ResultEvent | null): string[] {
  const { privacy } = spec;
  if (privacy === undefined) return [];
  const { unit, adjacency, delta } = privacy;
  const spent = result?.epsilon === undefined ? "" : `epsilon ${brief(result.epsilon)} spent of `;
  return [
    "## Privacy",
    `Differential privacy of each ${unit}: ${spent}epsilon ${privacy.epsilon}, delta ${delta}, ` +
      `under ${adjacency}.`,
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Names come from data: they must not become markup. */
function code(text: string): string {
  const safe = text.replaceAll(/[`|\r\n]/g, " ");
  return `\`${safe}\``;
}

function brief(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "not told";
}
