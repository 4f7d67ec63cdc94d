import { expect, test } from "vitest";
import type { RunEvent } from "../../src/ports/events.ts";
import { foldReport } from "../../src/report/fold.ts";
import { sampleEvents } from "./sample-events.ts";

const all = { label: "all", events: sampleEvents({ quorum: 16 }) };
const verdict = (...runs: { label: string; events: readonly RunEvent[] }[]) =>
  foldReport("t", runs).verdict;

test("fastest k that kept its objective was enough", () => {
  const { sentence } = verdict(all, { label: "k", events: sampleEvents() });
  expect(sentence).toMatch(
    /^12 of 16 workers were enough: 4\.3× faster than .* all, objective within 0\.3\d %\.$/,
  );
});

test("what not waiting costs is said where it shows", () => {
  const dear = sampleEvents().map((event) =>
    event.type === "result" ? { ...event, dollars: event.dollars * 2.1 } : event,
  );
  expect(verdict(all, { label: "k", events: dear }).sentence).toMatch(/, at 2\.1× the cost\.$/);
});

test("a baseline that was faster is credited", () => {
  const stalled = sampleEvents({ objective: (round) => 0.19 + 0.9 * 0.5 ** round, rounds: 400 });
  const notes = verdict(all, { label: "k", events: stalled }).notes.join("\n");
  expect(notes).toMatch(/^Waiting for all had reached the final objective of “k” after \d/m);
  expect(verdict(all, { label: "k", events: sampleEvents() }).notes.join("\n")).toMatch(
    /^Within 1 % of the best objective after [\d.]+ s, waiting for all after [\d.]+ s\.$/,
  );
});

test("a fast run with a bad objective was not enough", () => {
  const bad = sampleEvents({ objective: (round) => 0.3 + 0.9 ** round });
  const { sentence } = verdict(all, { label: "k", events: bad });
  expect(sentence).toContain("but its objective is 66 % worse");
  expect(sentence).not.toContain("enough");
});

test("not waiting that took longer is said to have lost", () => {
  const calm = { lateShare: -1, lossShare: 0 };
  const slow = sampleEvents({ ...calm, seed: 3, rounds: 90 });
  const quick = { label: "all", events: sampleEvents({ ...calm, quorum: 16, rounds: 10 }) };
  expect(verdict(quick, { label: "k", events: slow }).sentence).toMatch(/^Not waiting did not pay/);
});

test("runs of different problems are not judged by objective", () => {
  const other = sampleEvents().map((event) =>
    event.type === "started" ? { ...event, facts: { ...event.facts, rows: 5 } } : event,
  );
  const { sentence, notes } = verdict(all, { label: "k", events: other });
  expect(sentence).not.toContain("objective");
  expect(notes.join()).toContain("different problems or data");
});

test("a baseline that has not finished is no baseline", () => {
  const running = { label: "all", events: sampleEvents({ quorum: 16, running: true }) };
  const { sentence, notes } = verdict(running, { label: "k", events: sampleEvents() });
  expect(sentence).toContain("“k” was the fastest");
  expect(notes).toContain("“all” is still running.");
});

test.each([
  ["done", /trained for 60 rounds/],
  ["budget", /stopped at its budget/],
  ["interrupted", /can be resumed/],
  ["unfinished", /could not finish/],
] as const)("a run that ended as %s says so", (kind, words) => {
  const stop: RunEvent = { type: "stopped", atMs: 9_000, kind, reason: "because" };
  const { sentence, notes } = verdict({
    label: "run",
    events: [...sampleEvents({ running: true }), stop],
  });
  expect(sentence).toMatch(words);
  expect(notes[0]).toBe("How it ended: because.");
});

test("an empty report says so", () => {
  expect(verdict().sentence).toBe("There is no run to report.");
});

test("a private run has no objective, others diverged", () => {
  const privacy = {
    epsilon: 1,
    delta: 1e-5,
    budget: 1,
    unit: "record",
    adjacency: "add-remove",
    released: 3,
    observers: "all",
  };
  const without = (more: object) =>
    sampleEvents()
      .filter(({ type }) => type !== "evaluated")
      .map((event) =>
        event.type === "round"
          ? { ...event, objectiveEstimate: Number.NaN }
          : event.type === "result"
            ? { ...event, objective: Number.NaN, ...more }
            : event,
      );
  const notes = (more: object) => verdict({ label: "one", events: without(more) }).notes.join("\n");
  expect(notes({ privacy })).toContain("The objective was not measured");
  expect(notes({})).toContain("training diverged");
});
