import { resume, train } from "../../src/index.ts";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import { readHistory } from "../../src/run/finish.ts";
import { roundWatch, type Setting, specOf, translateTest } from "./setting.ts";

const lossMax = 3;
/** The smoothed loss of batches, with dropout, at which the loss a token is about `lossMax`. */
const batchLossFirst = 3.85;
const batchLossStep = 0.1;

/** Trains until the training loss a token is below 3.0, and tells when, and BLEU there. */
export async function untilGoal(setting: Setting, home: string, rounds: number, show: number) {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const watch = roundWatch("goal");
  let wanted = batchLossFirst;
  const onRound = (event: Parameters<typeof watch>[0]) =>
    watch(event) < wanted ? ("stop" as const) : undefined;
  let trained = await train(specOf(setting, rounds), { backend: setting.backend, home, onRound });
  while (trained.stop === "interrupted" && trained.result.metrics.train.logloss! >= lossMax) {
    wanted -= batchLossStep;
    trained = await resume(trained.run, { home, onRound });
  }
  const { run, result, stop, reason } = trained;
  if (stop !== "done" && stop !== "interrupted") throw new Error(reason);
  const wholeSeconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const processorSeconds = (user + system) / 1e6;
  const history = await withOpenRun({ home }, run, ({ store }) => readHistory(store, run));
  console.log("round  training loss a token  validation loss a token  accuracy");
  const evaluated = history.filter((event) => event.type === "evaluated");
  for (const event of evaluated)
    console.log(
      `${String(event.round).padStart(5)}  ${event.train.logloss!.toFixed(4).padStart(21)}  ` +
        `${event.test.logloss!.toFixed(4).padStart(23)}  ${event.test.accuracy!.toFixed(4)}`,
    );
  const below = evaluated.find((event) => event.train.logloss! < lossMax);
  console.log(
    below === undefined
      ? `the training loss a token is not below ${lossMax}`
      : `the training loss a token is below ${lossMax} at round ${below.round}, after ` +
          `${(below.atMs / 1000).toFixed()} s`,
  );
  console.log(
    `${result.rounds} rounds in ${result.seconds.toFixed()} s; with evaluations ` +
      `${wholeSeconds.toFixed()} s, of a processor ${processorSeconds.toFixed()} s`,
  );
  const bleu: Record<string, number> = {};
  for (const [name, beam] of [
    ["greedy", 1],
    ["beam 4, length penalty 0.6", 4],
  ] as const) {
    const told = await translateTest(setting, { name, home, run, beam });
    bleu[name] = told.bleu;
    bleu["the source copied"] = told.copied;
    console.log(
      `${name}: BLEU ${told.bleu.toFixed(2)} in ${told.seconds.toFixed()} s  ${told.signature}`,
    );
    for (const { line, translation, reference } of beam > 1 ? told.lines.slice(0, show) : [])
      console.log(`  ${line}\n  -> ${translation}\n     ${reference}`);
  }
  console.log(`the source copied: BLEU ${bleu["the source copied"]!.toFixed(2)}`);
  if (below === undefined) process.exitCode = 1;
  const { train: trainedOn, test } = result.metrics;
  return {
    ...{ rounds: result.rounds, processorSeconds, seconds: result.seconds },
    ...{ below: below?.round, belowSeconds: (below?.atMs ?? 0) / 1000 },
    ...{ trained: trainedOn, test, bleu, erasures: result.erasures },
  };
}
