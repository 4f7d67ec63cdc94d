import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { figureLines, figureTables } from "../../src/cli/data/figure-words.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { ModelFigures } from "../../src/ports/model-figures.ts";
import { buildPage } from "../../src/report/page-bundle.ts";
import { renderReport } from "../../src/report/render.ts";
import { sampleEvents } from "./sample-events.ts";

const scriptsOf = (page: string) => [...page.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)];
const evil = `</script><script>alert(1)</script><!--<script><img src=x onerror="alert(2)">'&`;

test("nothing that a spec, label, title or reason says becomes markup", () => {
  const events = sampleEvents({ rounds: 2, spec: { [evil]: evil } }).map((event) =>
    event.type === "arrival" && event.slot === 3
      ? { ...event, fate: "lost" as const, reason: evil, task: evil }
      : event,
  );
  const warning = { type: "warning" as const, atMs: 1, message: evil };
  const runs = [
    { label: evil, events: [...events, warning] },
    { label: "plain", events },
  ];
  const page = renderReport({ title: evil, runs });
  expect(scriptsOf(page)).toHaveLength(2);
  expect(page).not.toContain("<img");
  expect(page).not.toContain("<!--");
  expect(page).not.toContain(`onerror="`);
  const data = JSON.parse(scriptsOf(page)[0]![2]!);
  expect(data.title).toBe(evil);
  expect(data.runs[0].label).toBe(evil);
});

test("the policy allows the page's own script, and nothing else", () => {
  const page = renderReport({ title: "t", runs: [{ label: "run", events: sampleEvents() }] });
  const script = scriptsOf(page)[1]![2]!;
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
  expect(policy).toContain("default-src &#39;none&#39;");
  expect(policy).toContain(`script-src &#39;sha256-${hash}&#39;;`);
  const markup = page.replaceAll(/<script\b[\s\S]*?<\/script>/g, "");
  expect(markup).not.toMatch(/\b(?:src|href|action)=/);
  expect(markup).not.toMatch(/@import|url\(/);
});

test("a run of 200 rounds and 16 slots fits", () => {
  const events = sampleEvents({ rounds: 200 });
  const page = renderReport({ title: "t", runs: [{ label: "run", events }] });
  expect(Buffer.byteLength(page)).toBeLessThan(1_500_000);
  expect(Buffer.byteLength(page)).toBeGreaterThan(200_000);
});

test("key figures are there without JavaScript", () => {
  const events = sampleEvents();
  const result = events.find((event) => event.type === "result")!;
  const page = renderReport({ title: "Prices", runs: [{ label: "run", events }] });
  const markup = page.replaceAll(/<script\b[\s\S]*?<\/script>/g, "");
  const figures = [result.objective.toFixed(4), result.seconds.toFixed(2), "Test rmse"];
  for (const text of ["Prices", ...figures, result.dollars.toFixed(5), String(result.erasures)])
    expect(markup).toContain(text);
});

test.each([0, 1, 2, 20])("a run with no more than its first %i events is shown", (count) => {
  const events = sampleEvents().slice(0, count);
  const page = renderReport({ title: "t", runs: [{ label: "run", events }] });
  expect(page).not.toMatch(/NaN|undefined|Infinity/.exec(page.split("<script")[0]!)?.[0] ?? "�");
});

test("the build writes the two files that a published package reads", () => {
  const directory = mkdtempSync(join(tmpdir(), "kofn-page-"));
  try {
    buildPage(directory);
    expect(existsSync(join(directory, "page.bundle.js"))).toBe(true);
    expect(existsSync(join(directory, "page.bundle.css"))).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the page says how good predictions are, and show the same", () => {
  const figures: ModelFigures = {
    of: "test",
    rows: 30,
    classes: {
      labels: ["no", "<yes>"],
      confusion: [
        [18, 2],
        [4, 6],
      ],
      baseLogloss: 0.64,
      calibration: {
        of: "<yes>",
        brier: 0.125,
        expectedError: 0.0625,
        bins: [{ above: 0.2, rows: 30, predicted: 0.25, observed: 1 / 3 }],
      },
    },
    importance: [{ feature: "income", perDeviation: -1.5 }],
  };
  const events = sampleEvents().map((event) =>
    event.type === "result" ? { ...event, figures } : event,
  );
  const page = renderReport({ title: "t", runs: [{ label: "run", events }] });
  const section = /<h2 id="model-title">[\s\S]*?<\/section>/.exec(page)![0];
  expect(section).toMatch(/30 rows that it was not trained on/);
  expect(section).toMatch(/<th scope="row">&lt;yes&gt;<\/th><td>4<\/td><td>6<\/td><td>60 %/);
  expect(section).toMatch(/Brier score\s+0\.1250, expected calibration error 0\.06250/);
  expect(section).toMatch(/30 %<\/th><td>30<\/td><td>25 %<\/td><td>33 %/);
  expect(section).toMatch(/income<\/th><td>-1\.500/);
  const [confusion, chances, importance] = figureTables(figures);
  expect(confusion).toMatch(/30 test rows.*\nclass +no +<yes>\nno +18 +2\n<yes> +4 +6/);
  expect(chances).toMatch(/chances of "<yes>", .*\n.*\nup to 30 % +30 +25 % +33 %/);
  expect(importance).toMatch(/income +-1\.500/);
  expect(figureLines(figures)).toEqual([
    ["calibration", 'brier 0.1250  expected error 0.06250 (chances of "<yes>")'],
  ]);
  expect(section).toContain("kofn serve ridge-7-12");
  const shown = (events: RunEvent[]) =>
    renderReport({ title: "t", runs: [{ label: "run", events }] });
  // Without figures there is still what to do with it, once there is a model.
  expect(shown(sampleEvents())).toMatch(/model-title[\s\S]*<pre tabindex="0">kofn predict /);
  expect(shown(sampleEvents({ running: true }))).not.toContain("model-title");
});
