import type { StageRow } from "../../model-parallel/partition.ts";
import type { PipelineForecast } from "../../model-parallel/pipeline-forecast.ts";
import type { StagesForecast } from "../../model-parallel/plan-pipeline.ts";
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatMs,
  formatNumber,
  formatPercent,
  formatSeconds,
  plural,
} from "../../report/format.ts";
import { facts, table } from "../table.ts";

const settingsShown = 12;

/** The stages of a model: layers, what goes in and out for a microbatch, time, and peak. */
export function stagesTable({ chosen, shares }: StagesForecast): string {
  const { rows, slowest, largest } = chosen.table;
  const marks = (stage: number) => [
    ...(stage === slowest ? ["slowest"] : []),
    ...(stage === largest ? ["largest"] : []),
  ];
  return table(
    [
      shares === undefined ? "stage" : "worker",
      "layers",
      "parameters",
      "in",
      "out",
      "forward",
      "backward",
      "peak",
      "",
    ],
    rows.map((row, stage) => [
      // Who shares layers is visited several times.
      String(shares === undefined ? stage : row.worker),
      layersInWords(row),
      formatCount(row.weightBytes / 4),
      formatBytes(row.importBytes + row.inputBytes),
      formatBytes(row.exportBytes),
      formatMs(row.forwardMs),
      formatMs(row.backwardMs),
      formatBytes(row.peakBytes),
      marks(stage).join(", "),
    ]),
  );
}

function layersInWords({ layers }: StageRow): string {
  const [first, last] = [layers[0]!, layers.at(-1)!];
  return layers.length === 1 ? first : `${first} to ${last} (${layers.length})`;
}

/** What a step takes, and what the rounds of the spec will. */
export function stagesFacts(forecast: StagesForecast, rounds: number): string {
  const { chosen, others, examples, microbatches } = forecast;
  const { setting, makespanMs, bubble, invocations, dollarsPerStep, bytesPerStep } = chosen;
  const { stages, replicas, memoryMb } = setting;
  const fewest = others.fewest.get(memoryMb) ?? null;
  const needs =
    fewest === null
      ? "no number of stages fits"
      : fewest === 1
        ? "the model fits one function"
        : `the model needs ${plural(fewest, "function")}`;
  return facts([
    [
      "plan",
      `${plural(stages, "stage")}, ${formatCount(examples)} rows a step in ` +
        `${formatCount(microbatches)} microbatch${microbatches === 1 ? "" : "es"}` +
        (replicas === 1 ? "" : `, dealt to ${replicas} replicas`),
    ],
    ...sharesFacts(forecast),
    ["step", `${formatMs(makespanMs)}, in ${formatCount(invocations)} tasks`],
    ["bubble", `stages wait ${formatPercent(bubble)} of the time, which costs no money`],
    ["cost", `${formatDollars(dollarsPerStep)} a step`],
    ["data", `${formatBytes(bytesPerStep)} a step`],
    [
      "rounds",
      `${formatCount(rounds)} at most: ${formatSeconds((rounds * makespanMs) / 1000)}, ` +
        formatDollars(rounds * dollarsPerStep),
    ],
    ["memory", `${formatCount(memoryMb)} MB a function: ${needs}`],
    ["resident", `${formatDollars(chosen.residentDollarsPerStep)} a step if stages stayed through`],
  ]);
}

/** Where workers share layers: whether that is worth it. */
function sharesFacts({ chosen, shares }: StagesForecast): [string, string][] {
  if (shares === undefined) return [];
  const { of, layers, without } = shares;
  const what = `${of} workers a stage share ${plural(layers, "layer")}`;
  if (without === null) return [["tensor", `${what}, which no worker holds alone`]];
  const [ms, usd] = [formatMs(without.makespanMs), formatDollars(without.dollarsPerStep)];
  const isSlower = without.makespanMs <= chosen.makespanMs;
  const isDearer = without.dollarsPerStep <= chosen.dollarsPerStep;
  const verdict =
    isSlower && isDearer
      ? ": it loses"
      : isSlower
        ? ": it loses time"
        : isDearer
          ? ": it costs more"
          : "";
  return [["tensor", `${what}; without, a step takes ${ms} and ${usd}${verdict}`]];
}

/** Settings that none beats in both time and money, the fastest first. */
export function settingsTable({ chosen, others }: StagesForecast): string {
  const rows = others.front.slice(0, settingsShown).map((one) => settingRow(one, chosen));
  return table(["instead", "stages", "microbatches", "memory", "step", "cost", "time"], rows);
}

function settingRow(one: PipelineForecast, chosen: PipelineForecast): string[] {
  const { stages, microbatches, memoryMb } = one.setting;
  return [
    "",
    String(stages),
    String(microbatches),
    `${formatCount(memoryMb)} MB`,
    formatMs(one.makespanMs),
    formatDollars(one.dollarsPerStep),
    `${formatNumber(one.makespanMs / chosen.makespanMs, 2)} x`,
  ];
}

/** The same as JSON lines: a stage each, the other settings, the plan last. */
export function stagesInWords({
  chosen,
  others,
  examples,
  microbatches,
  shares,
}: StagesForecast): object[] {
  const { slowest, largest } = chosen.table;
  const stages = chosen.table.rows.map((row, stage) => ({ type: "stage", stage, ...row }));
  const settings = others.front.map(({ setting, makespanMs, dollarsPerStep }) => {
    return { type: "alternative", ...setting, makespanMs, dollarsPerStep };
  });
  const { setting, makespanMs, bubble, invocations, bytesPerStep, dollarsPerStep } = chosen;
  const plan = {
    type: "result",
    ...setting,
    microbatches,
    examples,
    makespanMs,
    bubble,
    invocations,
  };
  const functions = Object.fromEntries(others.fewest);
  const { of, without } = shares ?? {};
  const alone = without && pick(without);
  const tensor = of === undefined ? {} : { tensor: of, withoutTensor: alone ?? null };
  const rest = { bytesPerStep, dollarsPerStep, slowest, largest, functions, ...tensor };
  return [...stages, ...settings, { ...plan, ...rest }];
}

function pick({ makespanMs, dollarsPerStep }: PipelineForecast) {
  return { makespanMs, dollarsPerStep };
}
