import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PlotOptions, plot } from "@observablehq/plot";
import { Window } from "happy-dom";

/** Where plots go: the folder `KOFN_PLOTS`, or one among temporary files. Never the checkout. */
const folder = process.env.KOFN_PLOTS ?? join(tmpdir(), "kofn-plots");

/** Draws a plot, with its legends, as a page of its own, and returns its path. */
export function writePlot(name: string, options: PlotOptions): string {
  const { document } = new Window();
  const drawn = plot({ width: 760, ...options, document: document as unknown as Document });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.html`);
  writeFileSync(
    path,
    `<!doctype html><meta charset="utf-8"><title>${name}</title>${drawn.outerHTML}`,
  );
  return path;
}
