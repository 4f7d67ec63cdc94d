import type { ReportData } from "../data.ts";

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** The data that stand in the page. */
export function readData(): ReportData {
  const text = document.getElementById("report-data")?.textContent ?? "";
  return JSON.parse(text) as ReportData;
}

export type Draw = (width: number) => SVGElement | HTMLElement;

/** A drawing in its figure. */
interface Mounted {
  draw: Draw;
  drawnWidth: number;
  isSeen: boolean;
  /** It is to be drawn again once it is seen. */
  isStale: boolean;
}

const mounted = new WeakMap<HTMLElement, Mounted>();

/**
 * Puts a drawing into a figure, and again whenever its width changes. Called again for the same
 * figure, it puts another in its place: at once where the figure is in view, else as soon as it
 * is. Returns the redraw.
 */
export function mount(figure: HTMLElement, draw: Draw): () => void {
  const before = mounted.get(figure);
  const own = before ?? { draw, drawnWidth: 0, isSeen: false, isStale: false };
  own.draw = draw;
  const redraw = () => drawInto(figure, own);
  if (before !== undefined) {
    if (own.isSeen) redraw();
    else own.isStale = true;
    return redraw;
  }
  mounted.set(figure, own);
  new ResizeObserver(() => {
    if (Math.floor(figure.clientWidth) !== own.drawnWidth) redraw();
  }).observe(figure);
  new IntersectionObserver(([entry]) => {
    own.isSeen = entry?.isIntersecting ?? true;
    if (own.isSeen && own.isStale) redraw();
  }).observe(figure);
  addEventListener("beforeprint", () => {
    if (own.isStale) redraw();
  });
  redraw();
  return redraw;
}

function drawInto(figure: HTMLElement, own: Mounted): void {
  own.drawnWidth = Math.floor(figure.clientWidth);
  if (own.drawnWidth < 40) return;
  own.isStale = false;
  const drawing = own.draw(own.drawnWidth);
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", figure.dataset.label ?? "");
  figure.replaceChildren(drawing);
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

/// <reference lib="dom" />

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

/** A row of radio buttons that looks like one switch; keys work as the browser has them. */
export function choice<Value extends string>(
  name: string,
  legend: string,
  options: readonly Option<Value>[],
  chosen: Value,
  changed: (value: Value) => void,
): HTMLFieldSetElement {
  const set = document.createElement("fieldset");
  set.setAttribute("aria-label", legend);
  for (const { value, label } of options) {
    const input = document.createElement("input");
    input.type = "radio";
    input.name = name;
    input.value = value;
    input.checked = value === chosen;
    input.addEventListener("change", () => changed(value));
    const holder = document.createElement("label");
    holder.append(input, label);
    set.append(holder);
  }
  return set;
}

/** Moves a switch from outside, without an event. */
export function check(within: Element, name: string, value: string): void {
  const input = within.querySelector<HTMLInputElement>(`input[name="${name}"][value="${value}"]`);
  if (input !== null) input.checked = true;
}
