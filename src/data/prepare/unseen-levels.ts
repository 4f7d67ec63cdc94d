import { inQuotes } from "../../core/text.ts";
import type { Column, Levels } from "../formats/table.ts";
import type { Preparation } from "../manifests.ts";
import type { Note } from "./layout.ts";

/** Levels that remember which words they were asked for and do not have. */
interface CountedLevels extends Levels {
  readonly unseen: Set<string>;
}

/** Different words that are remembered. */
const unseenMax = 1_000;

/** The same levels, and what else there is is remembered. */
export function countUnseen(levels: Levels): CountedLevels {
  const unseen = new Set<string>();
  const find = (text: string) => {
    const place = levels.find?.(text) ?? Number.NaN;
    if (Number.isNaN(place) && unseen.size < unseenMax) unseen.add(text);
    return place;
  };
  return { ...levels, find, unseen };
}

/** Tells of each column of words which of them a model does not know. */
export function tellUnseen(
  { columns: plans, target }: Preparation,
  columns: readonly Column[],
  file: string,
  onNote: Note,
): void {
  for (const { name, levels } of columns) {
    const { unseen } = levels as Partial<CountedLevels>;
    if (unseen === undefined || unseen.size === 0 || name === target.name) continue;
    if (!plans.some((plan) => plan.name === name)) continue;
    const some = [...unseen].slice(0, 3).map(inQuotes).join(", ");
    const count = unseen.size === unseenMax ? `${unseenMax} or more` : String(unseen.size);
    onNote(
      `${file}: column ${inQuotes(name)}: ${count} of its words did not stand in the ` +
        `training rows (${some}${unseen.size > 3 ? ", ..." : ""}): rows with them count as none ` +
        "of its words",
    );
  }
}
