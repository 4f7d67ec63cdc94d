import type { Predictions } from "../platform/training/predict.ts";

type Labels = readonly string[] | null;

/** The first line of predictions as CSV, and a word about its columns to people. */
export function headOf(
  { rows, values, chances }: Predictions,
  labels: Labels,
): { readonly header: string; readonly note: string | null } {
  if (labels === null) return { header: "row,prediction\n", note: null };
  if (values.length > rows) {
    const names = labels.map((label) => quoted(`probability ${label}`));
    return { header: `${["row", "class", ...names].join(",")}\n`, note: null };
  }
  return chances === null
    ? { header: "row,class,margin\n", note: `margin: above 0 for class ${labels[1]}` }
    : { header: "row,class,probability\n", note: `probability: that of class ${labels[1]}` };
}

/** One line a row: its number in the file, and what is predicted. */
export function linesOf(
  { firstRow, rows, values, classes, chances }: Predictions,
  labels: Labels,
): string {
  let text = "";
  for (let i = 0; i < rows; i++) {
    text += firstRow + i;
    if (labels === null || classes === null) text += `,${values[i]}`;
    else {
      text += `,${quoted(labels[classes[i]!]!)}`;
      if (values.length === rows) text += `,${chances === null ? values[i] : chances[rows + i]}`;
      else for (const of of labels.keys()) text += `,${chances?.[of * rows + i]}`;
    }
    text += "\n";
  }
  return text;
}

/** As CSV wants it: labels come from data. */
function quoted(label: string): string {
  return /[",\r\n]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label;
}
