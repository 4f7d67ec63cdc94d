import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { realData } from "../../test/data/fixtures.ts";
import { handOver } from "../hand-over.ts";
import { everyForm } from "./forms.ts";
import { untilGoal } from "./goal.ts";
import { type Setting, smallerSetting, systems } from "./setting.ts";
import { inStages } from "./stages.ts";

/**
 * German to English on 8,000 pairs of Multi30k. `goal`: over 8 functions, any 6 of 8, until the
 * training loss a token is below 3.0, and BLEU of the validation sentences beside that of the
 * source itself. `forms`: gradients told dense, gathered and by `auto`, over some of the pairs.
 * `stages`: as a pipeline of two, likewise. `--only NAME` for one of them; `--systems FILE` keeps
 * what was translated, for `npm run conformance -- sacrebleu FILE`.
 */
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    backend: { type: "string", default: "threads" },
    rounds: { type: "string", default: "600" },
    /** Of `forms` and `stages`: so many of the pairs, evaluated at the end and on the way. */
    pairs: { type: "string", default: "2000" },
    "form-rounds": { type: "string", default: "100" },
    "stage-rounds": { type: "string", default: "100" },
    tokens: { type: "string", default: "512" },
    width: { type: "string", default: "64" },
    layers: { type: "string", default: "2" },
    dropout: { type: "string", default: "0.1" },
    vocabulary: { type: "string", default: "2000" },
    rate: { type: "string", default: "0.005" },
    "warm-up": { type: "string", default: "200" },
    show: { type: "string", default: "3" },
    /** A file for what was translated, whose BLEU sacreBLEU itself can be asked for. */
    systems: { type: "string" },
  },
});

if (realData === null) {
  console.log("skipped: the folder of data is not there (KOFN_DATA names another)");
  handOver({ bench: "translation", skipped: true });
  process.exit(0);
}
const number = (name: keyof typeof values) => Number(values[name]);
const setting: Setting = {
  backend: values.backend,
  folder: realData,
  width: number("width"),
  layers: number("layers"),
  dropout: number("dropout"),
  vocabulary: number("vocabulary"),
  tokens: number("tokens"),
  rate: number("rate"),
  warmUp: number("warm-up"),
};
const smaller = (home: string) => smallerSetting(setting, home, number("pairs"));
const parts: Readonly<Record<string, (home: string) => Promise<object>>> = {
  goal: (home) => untilGoal(setting, home, number("rounds"), number("show")),
  forms: async (home) => everyForm(await smaller(home), home, number("form-rounds")),
  stages: async (home) => inStages(await smaller(home), home, number("stage-rounds")),
};
const report: { bench: string; [part: string]: unknown } = {
  bench: "translation",
  ...setting,
  folder: undefined,
};
const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
try {
  for (const [name, part] of Object.entries(parts))
    if (values.only === undefined || values.only === name) report[name] = await part(home);
  if (values.systems !== undefined) await writeFile(values.systems, JSON.stringify(systems));
  handOver(report);
} finally {
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
}
