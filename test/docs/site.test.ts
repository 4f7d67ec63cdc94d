import { expect, test } from "vitest";
import { chaptersOf } from "../../scripts/docs/chapters.ts";
import { anchorsOf, isThere, linksOf, sitePages, userPages } from "../../scripts/docs/pages.ts";

const pages = userPages();

test("every page of docs/ stands once in the list that the site is made of", () => {
  const listed = chaptersOf(pages["docs/README.md"]!).flatMap((chapter) => chapter.pages);
  const paths = listed.map(({ path }) => `docs/${path}`).filter((path) => !path.includes("../"));
  const written = Object.keys(pages).filter((path) => /^docs\/(?!README)/.test(path));
  expect([...paths].sort()).toEqual(written.sort());
});

test("every link leads to a file that is there, and to a heading that it has", () => {
  const broken: string[] = [];
  for (const [source, text] of Object.entries(pages))
    for (const { target, anchor, line } of linksOf(source, text)) {
      const other = pages[target];
      if (other === undefined && !isThere(target)) broken.push(`${source}:${line}: ${target}`);
      if (anchor !== "" && other !== undefined && !anchorsOf(other).includes(anchor))
        broken.push(`${source}:${line}: ${target}#${anchor}`);
    }
  expect(broken).toEqual([]);
});

test("a page of the site links pages of the site alone", () => {
  const [page] = sitePages({
    "docs/a/b.md": [
      "[one](../c.md#d) [two](../../examples/x/README.md) [three](../../src/main.ts)",
      "```",
      "[four](../c.md)",
      "```",
    ].join("\n"),
    "docs/c.md": "",
    "examples/x/README.md": "",
  });
  expect(page).toEqual({
    source: "docs/a/b.md",
    path: "a/b.md",
    text: [
      "[one](../c.md#d) [two](../examples/x.md) three (`src/main.ts`)",
      "```",
      "[four](../c.md)",
      "```",
    ].join("\n"),
  });
});
