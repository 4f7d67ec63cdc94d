import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

/** The browser of this machine; undefined where there is none, and then its tests are skipped. */
export const browserPath = [
  process.env.KOFN_BROWSER,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));

/** Says so once in the output of a file whose tests in a browser are skipped. */
export function noteSkipped(what: string): void {
  if (browserPath === undefined)
    console.warn(`${what}: skipped in a browser, none found; KOFN_BROWSER names one`);
}

const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath!,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", ...quiet],
  });
}

/** Whatever goes wrong while a page is open, and what it asks for but from its own addresses. */
export function complaintsOf(page: Page, own: string): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(own)) complaints.push(`request: ${request.url()}`);
  });
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  return complaints;
}

/** Words and drawings that stick out of the window, where no scrolling part holds them. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const all = [...document.querySelectorAll("main *")].filter(
      (element) => element.closest(".scroll, pre") === null && element.tagName !== "title",
    );
    const out = all.filter((element) => {
      const { left, right, width: own } = element.getBoundingClientRect();
      return own > 0 && (left < -1 || right > width + 1);
    });
    return out.map(({ tagName, textContent }) => `${tagName}: ${textContent?.slice(0, 60)}`);
  });
}
