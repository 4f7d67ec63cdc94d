import { RunError } from "../core/errors.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { translateLines } from "../platform/training/translate.ts";
import { bleuOf, countBleu, emptyBleuCounts } from "../problems/translation/bleu.ts";
import { formatCount, formatNumber } from "../report/format.ts";
import type { Terminal } from "./terminal.ts";

/** What of `kofn predict` is for runs that translate. */
export interface TranslationFlags {
  readonly references?: string;
  readonly beam?: string;
  readonly lengthPenalty?: string;
}

/** Refuses the flags of translations for a run that does not translate. */
export function refuseTranslationFlags({ references, beam, lengthPenalty }: TranslationFlags) {
  const flags = { references, beam, "length-penalty": lengthPenalty };
  for (const [name, value] of Object.entries(flags))
    if (value !== undefined)
      throw new RunError("bad-option", `--${name}: this run does not translate`, {
        hint: "leave it out: it is for runs of problem: translation",
      });
}

/** Writes a translation a line; tells how near they are where references are known. */
export async function writeTranslations(
  model: TrainedModel,
  source: string,
  flags: TranslationFlags,
  to: { write(text: string): Promise<void> },
  terminal: Terminal,
): Promise<void> {
  const beam = numberOf(flags.beam ?? "4", "beam", { least: 1, most: 64, isWhole: true });
  const penalty = { least: 0, most: 4, isWhole: false };
  const lengthPenalty = numberOf(flags.lengthPenalty ?? "0.6", "length-penalty", penalty);
  const search = { references: flags.references, beam, lengthPenalty };
  const counts = emptyBleuCounts();
  let lines = 0;
  for await (const { translation, reference } of translateLines(model, source, search)) {
    lines++;
    await to.write(`${translation}\n`);
    if (reference !== null) countBleu(counts, translation, reference);
  }
  const how = beam === 1 ? "greedy" : `beam ${beam}, length penalty ${lengthPenalty}`;
  terminal.err(`${formatCount(lines)} sentences translated (${how})`);
  if (counts.lines === 0) return;
  const { score, precisions, brevityPenalty, signature } = bleuOf(counts);
  const shares = precisions.map((one) => one.toFixed(1)).join("/");
  terminal.err(
    `against ${formatCount(counts.lines)} references: BLEU ${score.toFixed(2)}  ${shares}  ` +
      `brevity penalty ${formatNumber(brevityPenalty)}`,
  );
  terminal.err(signature);
}

function numberOf(
  text: string,
  name: string,
  { least, most, isWhole }: { least: number; most: number; isWhole: boolean },
): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  const what = isWhole ? "a whole number" : "a number";
  throw new RunError(
    "bad-value",
    `--${name}: expected ${what} from ${least} to ${most}, got ${text}`,
  );
}
