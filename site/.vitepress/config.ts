import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";
import { chaptersOf } from "../../scripts/docs/chapters.ts";
import { sitePath, slugOf } from "../../scripts/docs/pages.ts";

const front = readFileSync(new URL("../../docs/README.md", import.meta.url), "utf8");
const chapters = chaptersOf(front).map(({ title, pages }) => ({
  text: title,
  items: pages.map((page) => ({ text: page.title, link: addressOf(page.path) })),
}));

export default defineConfig({
  title: "kofn",
  description: "Train models on AWS Lambda with any k of n workers.",
  srcDir: "pages",
  outDir: "dist",
  cacheDir: ".vitepress/cache",
  cleanUrls: false,
  lastUpdated: false,
  markdown: { anchor: { slugify: slugOf } },
  themeConfig: {
    search: { provider: "local" },
    nav: chapters
      .filter(({ text }) => /^(Tutorials|How to|Reference|Examples)$/.test(text))
      .map(({ text, items }) => ({ text, link: items[0].link })),
    sidebar: chapters,
    outline: [2, 3],
  },
});

/** A page's address, from how docs/README.md names it. */
function addressOf(path: string): string {
  const { pathname } = new URL(path, "https://site/docs/");
  return `/${sitePath(pathname.slice(1)).replace(/\.md$/, "")}`;
}
