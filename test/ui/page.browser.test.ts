import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockHolder } from "../../src/core/process-lock.ts";
import { storedBatch } from "../../src/journal/checkpoint.ts";
import { readRecord, writeRecord } from "../../src/journal/run-record.ts";
import { openHome } from "../../src/platform/local/home.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { eventsKey } from "../../src/store-layout.ts";
import { openUi, type UiServer } from "../../src/ui/server.ts";
import { toSealedPacket } from "../../src/wire/sealed-packet.ts";
import { browserPath, complaintsOf, cutOff, launchBrowser, noteSkipped } from "../browser.ts";
import { campaign } from "../campaign.ts";
import { kofn, kofnProcess, newFolder, smallSpec } from "../cli/fixtures.ts";
import { sampleEvents } from "../report/sample-events.ts";

noteSkipped("live page");

/** Screenshots are kept where this names a folder. */
const shots = process.env.KOFN_SCREENSHOTS;
const wide = { width: 1280, height: 900, colorScheme: "light" } as const;
const phone = { width: 390, height: 740, colorScheme: "dark" } as const;
const hostile = `<img src=x onerror="document.title='broken in'"><script>alert(1)</script>&amp;`;

describe.skipIf(browserPath === undefined)("the live page in a browser", () => {
  let folder: Awaited<ReturnType<typeof newFolder>>;
  let browser: Browser;
  let home = "";
  let spec = "";
  let ui: UiServer;
  /** Of the next resume. */
  let settings: string[] = [];

  beforeAll(async () => {
    folder = await newFolder();
    home = join(folder.path, "home");
    spec = join(folder.path, "spec.yaml");
    await writeFile(spec, smallSpec);
    for (const [name, ...args] of [
      ["first", "--set", "wait=all"],
      ["second", "--set", "optimizer.memory=3"],
    ])
      expect((await kofn(home, "simulate", spec, "--name", name!, ...args)).exitCode).toBe(0);
    await kofn(home, "tag", "second", "baseline", "--note", hostile);
    await storeHostileRun();
    const resume = async (run: string) => {
      const { exitCode, err } = await kofnProcess({ home }, "resume", run, ...settings).ended;
      return exitCode === 2 ? err : "";
    };
    const whatIf = async (run: string) => {
      const { out, err } = await kofn(home, "report", run, "--what-if", "--json");
      const last = out.trim().split("\n").at(-1)!;
      return last.startsWith("{") ? { found: JSON.parse(last).whatIf } : { problem: err };
    };
    ui = await openUi({ home, pollMs: 50, resume, whatIf });
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await ui.close();
    await folder.remove();
  });

  /** What outsiders have a hand in: reasons, warnings, names of tasks, columns, and labels. */
  async function storeHostileRun() {
    const { store, close } = await openHome(home);
    try {
      const record = await readRecord(store, "first");
      const { spec, startedAt } = record;
      const named = { ...spec, problem: { ...spec.problem, type: hostile } };
      await writeRecord(store, { ...record, run: "hostile", spec: named as typeof spec });
      const events = sampleEvents({ rounds: 5, lossShare: 0.2, running: true }).map(
        (event): RunEvent => {
          if (event.type === "arrival")
            return { ...event, task: `${event.task} ${hostile}`, reason: hostile };
          if (event.type !== "started") return event;
          const facts = { ...event.facts, problem: hostile, wait: hostile };
          return { ...event, run: "hostile", startedAt, facts, spec: { [hostile]: hostile } };
        },
      );
      events.push({ type: "warning", atMs: 1, message: hostile });
      events.push({ type: "stopped", atMs: 2, kind: "interrupted", reason: hostile });
      const bytes = toSealedPacket(storedBatch({ events, traces: [] }));
      await store.write(eventsKey("hostile", 1), bytes);
    } finally {
      await close();
    }
  }

  async function open(path: string, query: string, view: (typeof views)[number]["view"]) {
    const { colorScheme, ...viewport } = view;
    const page = await browser.newPage({ viewport, colorScheme });
    page.setDefaultTimeout(0);
    const address = `${ui.address(path)}${query}`;
    const complaints = complaintsOf(page, new URL(address).origin);
    await page.goto(address);
    return { page, complaints };
  }

  const pages = [
    { name: "list", path: "/", query: "", shown: "table.runs tbody tr" },
    { name: "run", path: "/run/first", query: "", shown: "canvas[data-cells]" },
    { name: "compare", path: "/compare", query: "&run=first&run=second", shown: "canvas" },
  ];
  const views = [
    { look: "phone-dark", view: phone },
    { look: "desktop", view: wide },
    { look: "desktop-dark", view: { ...wide, colorScheme: "dark" } as const },
    { look: "phone", view: { ...phone, colorScheme: "light" } as const },
  ].slice(0, campaign(2, 4));
  test.each(pages)(
    "$name: nothing is cut off in any view, nothing complained of",
    async (shown) => {
      const [{ view: first }] = views as [(typeof views)[number]];
      const { page, complaints } = await open(shown.path, shown.query, first);
      for (const { look, view } of views) {
        const { colorScheme, ...size } = view;
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(size);
        // A campaign's views are those of somebody who comes with them, too.
        if (campaign(false, view !== first)) await page.reload();
        await page.waitForSelector(shown.shown);
        await page.waitForSelector("text=done");
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(width, look).toBe(view.width);
        expect(await cutOff(page), look).toEqual([]);
        if (shots === undefined) continue;
        mkdirSync(shots, { recursive: true });
        const path = join(shots, `live-${shown.name}-${look}.png`);
        await page.screenshot({ path, fullPage: true });
      }
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test("runs are sorted, picked, compared, and each is a link away", async () => {
    const { page, complaints } = await open("/", "", wide);
    const names = () => page.$$eval("tbody th", (cells) => cells.map((cell) => cell.textContent));
    await page.waitForSelector("tbody tr");
    const byName = page.locator('button[data-column="run"]');
    await byName.click();
    expect(await names()).toEqual(["first", "hostile", "second"]);
    await byName.click();
    expect(await names()).toEqual(["second", "hostile", "first"]);
    const cells = await page.locator('tr[data-key="second"] td').allTextContents();
    expect(cells).toEqual(expect.arrayContaining(["baseline", hostile]));
    await page.locator('button[data-column="tags"]').click();
    expect((await names()).at(-1)).toBe("second");
    await page.getByLabel("pick first").check();
    await page.getByLabel("pick second").check();
    await page.getByText("Compare 2 runs").click();
    await page.waitForSelector("text=The runs");
    await page.getByRole("table").getByRole("link", { name: "second" }).click();
    await page.waitForSelector("h1:text('second')");
    await page.getByRole("link", { name: "all runs" }).click();
    await page.waitForSelector("tbody tr");
    expect(await page.getByLabel("pick second").isChecked()).toBe(true);
    expect(complaints.filter((text) => !text.startsWith("failed:"))).toEqual([]);
    await page.close();
  });

  test("what if is computed where it is asked for, and fits a phone", async () => {
    const { page, complaints } = await open("/run/first", "", phone);
    await page.locator('button[data-act="what-if"]').click();
    const rows = page.locator('[data-part="what-if"] tbody tr');
    await rows.first().waitFor();
    expect(await rows.count()).toBeGreaterThan(2);
    expect(await page.locator(`[data-part="what-if"]`).textContent()).toContain("nobody late");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(phone.width);
    expect(await cutOff(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("hostile names, labels and reasons are shown as text", async () => {
    for (const [path, query] of [
      ["/run/hostile", ""],
      ["/compare", "&run=first&run=hostile"],
      ["/", ""],
    ] as const) {
      const { page, complaints } = await open(path, query, wide);
      await page.waitForFunction((text) => document.body.textContent?.includes(text), hostile);
      expect(await page.$$("img, main script")).toEqual([]);
      expect(await page.title()).not.toContain("broken");
      expect(complaints).toEqual([]);
      await page.close();
    }
  });

  test("the page follows a run that is cancelled, resumed, killed, resumed, and ends", async () => {
    const slow = ["workers=2", "wait=all", "stop.rounds=5000", "stop.patience=600"];
    const sets = [...slow, "weather={model: trace, delaysMs: [[60]]}"].flatMap((set) => [
      "--set",
      set,
    ]);
    const { page, complaints } = await open("/run/live", "", wide);
    await page.waitForSelector("text=starting");
    const cells = async (atLeast: number) => {
      // What is out of view is drawn once it is seen.
      await page.locator('figure[data-plot="picture"]').scrollIntoViewIfNeeded();
      await page.waitForFunction((least) => {
        const canvas = document.querySelector<HTMLElement>("canvas[data-cells]");
        return Number(canvas?.dataset.cells ?? 0) >= least;
      }, atLeast);
      return page.$eval("canvas", (canvas) => Number(canvas.dataset.cells));
    };
    const status = (name: string) => page.waitForSelector(`[data-status="${name}"]`);
    const run = kofnProcess({ home }, "run", spec, "--name", "live", ...sets);
    await status("running");
    const seen = await cells(2);
    await page.getByRole("button", { name: "Cancel" }).click();
    await run.ended;
    await page.getByRole("button", { name: "Resume" }).click();
    await status("running");
    const more = await cells(seen + 2);
    process.kill(lockHolder(join(home, "working", "live.lock"))!, "SIGKILL");
    await status("stopped");
    settings = ["--set", "stop.rounds=1"];
    await page.getByRole("button", { name: "Resume" }).click();
    await status("done");
    await page.waitForSelector("text=Resumed 2 times");
    expect(await cells(more)).toBeGreaterThanOrEqual(more);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
