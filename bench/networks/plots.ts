import { line, ruleY } from "@observablehq/plot";
import { writePlot } from "../plot.ts";

/** What is drawn of a training in a circumstance. */
export interface Drawn {
  readonly training: string;
  readonly circumstance: string;
  readonly curve: readonly { readonly samples: number; readonly objective: number }[];
  readonly coefficients: readonly {
    readonly round: number;
    readonly name: string;
    readonly value: number;
  }[];
}

/** Losses by samples, and what MADA learned where it did; the pages' paths. */
export function plots(outcomes: readonly Drawn[]): string[] {
  const losses = outcomes.flatMap(({ training, circumstance, curve }) =>
    curve.map((point) => ({ training, circumstance, ...point })),
  );
  const learned = outcomes.flatMap(({ training, coefficients }) =>
    coefficients.map((point) => ({ training, ...point })),
  );
  const pages = [
    writePlot("networks", {
      x: { label: "samples", grid: true },
      y: { type: "log", label: "loss", grid: true },
      color: { legend: true },
      fx: { label: null },
      marks: [
        line(losses, { x: "samples", y: "objective", stroke: "circumstance", fx: "training" }),
      ],
    }),
  ];
  if (learned.length === 0) return pages;
  return [
    ...pages,
    writePlot("networks-mada", {
      x: { label: "round" },
      y: { label: "coefficient", grid: true },
      color: { legend: true },
      fx: { label: null },
      marks: [
        ruleY([0]),
        line(learned, { x: "round", y: "value", stroke: "name", fx: "training" }),
      ],
    }),
  ];
}
