import { expect, test } from "vitest";
import { foldRun } from "../../src/report/fold.ts";
import { figuresSection } from "../../src/report/sections/head.ts";
import { sampleEvents } from "./sample-events.ts";

test("bits of payloads and of weights stand beside the bytes where updates are compressed", () => {
  const events = sampleEvents();
  const plain = foldRun("run", events);
  expect(plain.figures.payloads).toBeNull();
  expect(figuresSection([plain]).markup).not.toContain("bits");
  const told = events.map((event) =>
    event.type === "round" ? { ...event, bitsUp: 100, bitsDown: 3000 } : event,
  );
  const rounds = events.filter(({ type }) => type === "round").length;
  const run = foldRun("run", told);
  expect(run.figures.payloads).toEqual({ bitsUp: 100 * rounds, bitsDown: 3000 * rounds });
  const text = figuresSection([run]).markup;
  expect(text).toContain(`of which payloads ${(100 * rounds).toLocaleString("en-US")} bits`);
  expect(text).toContain(`of which weights ${(3000 * rounds).toLocaleString("en-US")} bits`);
});
