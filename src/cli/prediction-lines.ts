import type { Predictions } from "../backends/predict.ts";
import { classAt } from "../problems/chances.ts";

type Classes = readonly string[] | null;

/** The first line of predictions as CSV, and a word about its columns to people. */
export function headOf(
  { rows, values, chances }: Predictions,
  classes: Classes,
): { readonly header: string; readonly note: string | null } {
  if (classes === null) return { header: "row,prediction\n", note: null };
  if (values.length > rows) {
    const names = classes.map((label) => quoted(`probability ${label}`));
    return { header: `${["row", "class", ...names].join(",")}\n`, note: null };
  }
  return chances === null
    ? { header: "row,class,margin\n", note: `margin: above 0 for class ${classes[1]}` }
    : { header: "row,class,probability\n", note: `probability: that of class ${classes[1]}` };
}

/** One line a row: its number in the file, and what is predicted. */
export function linesOf(
  { firstRow, rows, values, chances }: Predictions,
  classes: Classes,
): string {
  let text = "";
  for (let i = 0; i < rows; i++) {
    text += firstRow + i;
    if (classes === null) text += `,${values[i]}`;
    else {
      text += `,${quoted(classes[classAt(values, rows, i)]!)}`;
      if (values.length === rows) text += `,${chances === null ? values[i] : chances[rows + i]}`;
      else for (const [of] of classes.entries()) text += `,${chances?.[of * rows + i]}`;
    }
    text += "\n";
  }
  return text;
}

/** As CSV wants it: labels come from data. */
function quoted(label: string): string {
  return /[",\r\n]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label;
}
