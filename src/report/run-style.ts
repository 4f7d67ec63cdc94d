/** How a compared run's line looks: by colour and by dashes, for those who see colours alike. */
const dashes = ["none", "8 3", "3 3", "9 3 2 3", "4 3", "12 4", "1 3", "9 3 2 3 2 3"] as const;

/** The colour is a variable of the style sheet, so that light and dark need no redraw. */
export function runColour(index: number): string {
  return `var(--run-${index % dashes.length})`;
}

export function runDash(index: number): string {
  return dashes[index % dashes.length]!;
}
