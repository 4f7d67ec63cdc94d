/** A part of the documentation, as `docs/README.md` lists it. */
export interface Chapter {
  readonly title: string;
  readonly pages: readonly ChapterPage[];
}

export interface ChapterPage {
  readonly title: string;
  /** From the folder of `docs/README.md`; it may lead out of it. */
  readonly path: string;
}

/** The chapters of a page that has a heading for each, and a list of links below it. */
export function chaptersOf(text: string): Chapter[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const links = section.matchAll(/^- \[(.+?)\]\(([^)#]+\.md)\)/gm);
      const pages = [...links].map(([, title, path]) => ({ title: title!, path: path! }));
      return { title: section.slice(0, section.indexOf("\n")).trim(), pages };
    })
    .filter(({ pages }) => pages.length > 0);
}
