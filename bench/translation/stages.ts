import { train } from "../../src/index.ts";
import type { RoundEvent } from "../../src/ports/events.ts";
import { roundWatch, type Setting, specOf, translateTest } from "./setting.ts";

const [batch, microbatches] = [128, 4];
const lossesApart = 1e-5;

/** The same network in two stages and in one piece: losses step for step, and BLEU. */
export async function inStages(setting: Setting, home: string, rounds: number) {
  const { workers: _, wait: __, ...spec } = specOf({ ...setting, dropout: 0 }, rounds);
  const trained = async (stages: number) => {
    const losses: number[] = [];
    const watch = roundWatch(`${stages} stages`);
    const strategy = { type: "pipeline", stages, batch, microbatches } as const;
    const onRound = (event: RoundEvent) => {
      losses.push(event.objectiveEstimate);
      watch(event);
    };
    const { run, result } = await train(
      { ...spec, strategy },
      { backend: setting.backend, home, onRound },
    );
    return { losses, run, result };
  };
  const [two, one] = [await trained(2), await trained(1)];
  const off = Math.max(...two.losses.map((loss, i) => Math.abs(loss / one.losses[i]! - 1)));
  const { bleu, copied } = await translateTest(setting, {
    ...{ name: "2 stages", home, run: two.run, beam: 1 },
  });
  const { metrics, seconds, weightsDigest } = two.result;
  console.log(
    `2 stages, ${rounds} steps of ${batch} pairs in ${microbatches} microbatches: loss a token ` +
      `${metrics.train.logloss!.toFixed(4)}, BLEU ${bleu.toFixed(2)} (copied ` +
      `${copied.toFixed(2)}), losses at most ${off.toExponential(1)} from one stage's, in ` +
      `${seconds.toFixed()} s`,
  );
  if (off > lossesApart) throw new Error(`losses are ${off} apart`);
  if (bleu <= copied) throw new Error(`BLEU ${bleu}, the source copied ${copied}`);
  return { rounds, off, bleu, copied, metrics, seconds, weightsDigest };
}
