/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { ReportData } from "../data.ts";

/** The data that stand in the page. */
export function readData(): ReportData {
  const text = document.getElementById("report-data")?.textContent ?? "";
  return JSON.parse(text) as ReportData;
}

export type Draw = (width: number) => SVGElement | HTMLElement;

/** Puts a drawing into a figure, and again whenever its width changes. Returns the redraw. */
export function mount(figure: HTMLElement, draw: Draw): () => void {
  let drawnWidth = 0;
  const redraw = () => {
    drawnWidth = Math.floor(figure.clientWidth);
    if (drawnWidth < 40) return;
    const drawing = draw(drawnWidth);
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", figure.dataset.label ?? "");
    figure.replaceChildren(drawing);
  };
  new ResizeObserver(() => {
    if (Math.floor(figure.clientWidth) !== drawnWidth) redraw();
  }).observe(figure);
  redraw();
  return redraw;
}

export function figures(name: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`figure[data-plot="${name}"]`)];
}

/** What every plot has in common. */
export function plotFrame(width: number, height: number) {
  return {
    width,
    height,
    marginTop: 30,
    marginLeft: 58,
    marginRight: 14,
    marginBottom: 38,
    style: { fontSize: "12px", fontFamily: "inherit", background: "transparent" },
  };
}
