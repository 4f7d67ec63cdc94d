import { train } from "../../src/index.ts";
import { roundWatch, type Setting, specOf, translateTest } from "./setting.ts";

const forms = ["dense", "gather", "auto"] as const;
const lossesApart = 1e-4;

/**
 * The same training with gradients told dense, gathered and by `auto`: losses of sgd round for
 * round, and BLEU of so many rounds of adam.
 */
export async function everyForm(setting: Setting, home: string, rounds: number) {
  const spec = { ...specOf(setting, rounds), wait: "all" } as const;
  const losses: Record<string, number[]> = {};
  const sgd = { type: "sgd", learningRate: 0.3 } as const;
  const fewRounds = Math.min(20, rounds);
  for (const gradients of forms) {
    const own: number[] = [];
    const stop = { ...spec.stop, rounds: fewRounds };
    await train(
      { ...spec, optimizer: sgd, stop, gradients },
      {
        ...{ backend: setting.backend, home },
        listen: (event) => event.type === "round" && own.push(event.objectiveEstimate),
      },
    );
    losses[gradients] = own;
  }
  const off = forms.map((form) =>
    Math.max(...losses[form]!.map((loss, i) => Math.abs(loss / losses.dense![i]! - 1))),
  );
  const rows = [];
  console.log(
    "gradients    loss of sgd at round 1      last  from dense" +
      "  adam: loss a token  validation  BLEU",
  );
  for (const [i, gradients] of forms.entries()) {
    const watch = roundWatch(gradients);
    const { run, result } = await train(
      { ...spec, gradients },
      { backend: setting.backend, home, onRound: (event) => void watch(event) },
    );
    const { bleu, copied } = await translateTest(setting, { name: gradients, home, run, beam: 1 });
    const { metrics, weightsDigest } = result;
    const own = losses[gradients]!;
    const [first, last] = [own[0]!, own.at(-1)!].map((loss) => loss.toFixed(6));
    console.log(
      `${gradients.padEnd(12)}${first!.padStart(23)}${last!.padStart(10)}` +
        off[i]!.toExponential(1).padStart(12) +
        metrics.train.logloss!.toFixed(4).padStart(20) +
        metrics.test.logloss!.toFixed(4).padStart(12) +
        bleu.toFixed(2).padStart(6),
    );
    rows.push({ gradients, off: off[i], bleu, copied, weightsDigest, metrics });
  }
  console.log(`the source copied: BLEU ${rows[0]!.copied.toFixed(2)}`);
  if (Math.max(...off) > lossesApart)
    throw new Error(`losses of sgd are ${Math.max(...off)} apart`);
  for (const { gradients, bleu, copied } of rows)
    if (bleu <= copied) throw new Error(`${gradients}: BLEU ${bleu}, the source copied ${copied}`);
  return { rounds, sgdRounds: fewRounds, rows };
}
