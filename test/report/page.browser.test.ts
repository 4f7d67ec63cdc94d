import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderReport } from "../../src/report/render.ts";
import { browserPath, complaintsOf, cutOff, launchBrowser, noteSkipped } from "../browser.ts";
import { sampleEvents } from "./sample-events.ts";

noteSkipped("report");

/** Screenshots are kept where this names a folder. */
const shots = process.env.KOFN_SCREENSHOTS;

const single = [{ label: "run", events: sampleEvents() }];
const compared = [16, 12, 8].map((quorum) => ({
  label: quorum === 16 ? "wait for all" : `fastest ${quorum}`,
  events: sampleEvents({ quorum }),
}));
const diverged = [{ label: "run", events: sampleEvents({ objective: () => Number.NaN }) }];
const short = [{ label: "run", events: sampleEvents({ rounds: 1, running: true, testRows: 0 }) }];
const large = [{ label: "run", events: sampleEvents({ workers: 256, quorum: 200, rounds: 300 }) }];

const wide = { width: 1280, height: 900, colorScheme: "light" } as const;
const phone = { width: 390, height: 740, colorScheme: "dark" } as const;

describe.skipIf(browserPath === undefined)("the page in a browser", () => {
  let browser: Browser;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "kofn-report-"));
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true });
  });

  test.each([
    { name: "one", runs: single, view: wide, figures: 5 },
    { name: "one-phone", runs: single, view: phone, figures: 5 },
    { name: "compare", runs: compared, view: wide, figures: 7 },
    { name: "compare-phone", runs: compared, view: phone, figures: 7 },
    { name: "diverged", runs: diverged, view: wide, figures: 5 },
    { name: "short", runs: short, view: phone, figures: 3 },
    { name: "large", runs: large, view: wide, figures: 5 },
  ])("$name: all is drawn, nothing is asked for, nothing is complained of", async (shown) => {
    const { page, complaints } = await open(shown.name, shown.runs, shown.view);
    const marks = await page.$$eval("figure", (figures) =>
      figures.map((figure) => figure.querySelectorAll("svg path, svg rect, svg text").length),
    );
    expect(marks).toHaveLength(shown.figures);
    expect(Math.min(...marks)).toBeGreaterThan(3);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(shown.view.width);
    expect(await cutOff(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("every cell of the picture is drawn, and arrow keys read it out", async () => {
    const { page } = await open("cells", single, wide);
    const figure = page.locator('figure[data-plot="picture"]');
    const drawn = await figure
      .locator('g[aria-label="rect"] path, g[aria-label="rect"] rect')
      .count();
    const lost = await figure.locator('g[aria-label="dot"] path').count();
    const losses = single[0]!.events.filter((e) => e.type === "arrival" && e.fate === "lost");
    expect(lost).toBe(losses.length);
    expect(drawn + lost).toBe(60 * 16);
    await figure.focus();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    const readout = await page.locator('[data-readout="0"]').textContent();
    expect(readout).toMatch(
      /^Slot 1, round 2: [a-z, ]+, after \d+ ms · task round-2\/gradient\/slot-1$/,
    );
    await page.close();
  });

  test("the switches change what is drawn", async () => {
    const { page, complaints } = await open("switches", compared, wide);
    const line = () =>
      page.locator('figure[data-plot="progress"] g[aria-label="line"] path').first();
    const before = await line().getAttribute("d");
    expect(await page.locator('input[name="scale"][value="log"]').isChecked()).toBe(true);
    await page.getByText("objective", { exact: true }).first().click();
    expect(await page.locator('input[name="scale"][value="linear"]').isChecked()).toBe(true);
    const objective = await line().getAttribute("d");
    await page.getByText("over rounds", { exact: true }).click();
    expect(new Set([before, objective, await line().getAttribute("d")]).size).toBe(3);
    expect(complaints).toEqual([]);
    await page.close();
  });

  async function open(name: string, runs: typeof single, view: typeof wide | typeof phone) {
    const file = join(directory, `${name}.html`);
    writeFileSync(file, renderReport({ title: `Sample: ${name}`, runs }));
    const { colorScheme, ...viewport } = view;
    const page = await browser.newPage({ viewport, colorScheme });
    const complaints = complaintsOf(page, pathToFileURL(file).href);
    await page.goto(pathToFileURL(file).href);
    await page.waitForFunction(() => document.querySelectorAll("figure svg").length > 0);
    if (shots !== undefined) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    }
    return { page, complaints };
  }
});
