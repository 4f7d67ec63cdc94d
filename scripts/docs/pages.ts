import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Folders of the project with pages for users, beside the files at its top. */
const folders = ["docs", "examples"];
const topPages = ["README.md", "CONTRIBUTING.md"];

/** A page of the site. */
export interface SitePage {
  /** In the project. */
  readonly source: string;
  /** In the site. */
  readonly path: string;
  /** In the site's words: links lead to pages of the site, or are none. */
  readonly text: string;
}

/** A link of a page, from where it stands to a file of the project. */
export interface PageLink {
  readonly target: string;
  /** Of a heading there, without the hash; empty for the page. */
  readonly anchor: string;
  readonly line: number;
}

/** Every page that users read, by its path in the project. */
export function userPages(): Record<string, string> {
  const below = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
      .filter((path) => path.endsWith(".md")),
  );
  const paths = [...topPages, ...below.sort()];
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** The pages of the site, their links mapped. */
export function sitePages(pages: Readonly<Record<string, string>>): SitePage[] {
  return Object.entries(pages).map(([source, text]) => {
    const path = sitePath(source);
    const mapped = mapLinks(text, (label, link) => {
      const [target = "", anchor = ""] = link.split("#");
      if (target === "" || isOutside(link)) return null;
      const inProject = posix.normalize(posix.join(posix.dirname(source), target));
      const isPage = Object.hasOwn(pages, inProject);
      if (!isPage && !isPicture(inProject)) return `${label} (\`${inProject}\`)`;
      const to = posix.relative(posix.dirname(path), sitePath(inProject));
      return `[${label}](${to.startsWith(".") ? to : `./${to}`}${anchor && `#${anchor}`})`;
    });
    return { source, path, text: mapped };
  });
}

/** Pictures that pages show, by their paths in the project. */
export function pictures(): string[] {
  return readdirSync(join(root, "docs"))
    .filter(isPicture)
    .map((name) => `docs/${name}`);
}

/** Where a file of the project stands in the site. */
export function sitePath(source: string): string {
  if (source === "docs/README.md") return "index.md";
  if (source === "README.md") return "overview.md";
  if (source === "CONTRIBUTING.md") return "contributing.md";
  const example = /^examples\/([^/]+)\/README\.md$/.exec(source);
  return example === null ? source.replace(/^docs\//, "") : `examples/${example[1]}.md`;
}

/** Links of a page to files of the project and to headings, code left out. */
export function linksOf(source: string, text: string): PageLink[] {
  const found: PageLink[] = [];
  const plain = withoutCode(text);
  for (const { 2: link, index } of plain.matchAll(linkPattern)) {
    if (isOutside(link!)) continue;
    const [target = "", anchor = ""] = link!.split("#");
    const path = target === "" ? source : posix.join(posix.dirname(source), target);
    const line = plain.slice(0, index).split("\n").length;
    found.push({ target: posix.normalize(path), anchor, line });
  }
  return found;
}

/** The anchors of a page's headings, as GitHub makes them; also of the site. */
export function anchorsOf(text: string): string[] {
  const headings = [...withoutCode(text).matchAll(/^#{1,6} (.*)$/gm)];
  const counts = new Map<string, number>();
  return headings.map(([, heading]) => {
    const plain = heading!.replace(/\[(.*?)\]\(.*?\)/g, "$1");
    const slug = slugOf(plain);
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** GitHub's rule: letters, digits, hyphens and underscores stay, blanks become hyphens. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** Whether a file or folder of the project is there. */
export function isThere(path: string): boolean {
  return existsSync(join(root, path));
}

/** A picture's file beside the page that shows it, in the site. */
export function pictureIn(site: string, picture: string): string {
  return join(site, dirname(sitePath(picture)), posix.basename(picture));
}

/** Fenced code, whole lines of it. */
const codeBlock = /(^[ ]*```[\s\S]*?^[ ]*```$)/gm;

const linkPattern = /\[([^\]]*(?:\[[^\]]*\][^\]]*)?)\]\(([^)\s]+)\)/g;

function isOutside(link: string): boolean {
  return /^[a-z]+:/i.test(link);
}

function isPicture(path: string): boolean {
  return /\.(png|svg)$/.test(path);
}

/** Replaces links outside of code blocks; null leaves one as it is. */
function mapLinks(text: string, map: (label: string, link: string) => string | null): string {
  const parts = text.split(codeBlock);
  const mapped = (part: string) =>
    asText(part.replace(linkPattern, (whole, label, link) => map(label, link) ?? whole));
  return parts.map((part, i) => (i % 2 === 1 ? part : mapped(part))).join("");
}

/** Text in which nothing outside of code is taken for a tag or for a template. */
function asText(text: string): string {
  const parts = text.split(/(`[^`]*`)/);
  const plain = (part: string) =>
    part.replace(/<(?=[a-z/])(?!https?:)/gi, "&lt;").replaceAll("{{", "&#123;{");
  return parts.map((part, i) => (i % 2 === 1 ? part : plain(part))).join("");
}

/** Code blocks as empty lines. */
function withoutCode(text: string): string {
  return text.replace(codeBlock, (block) => block.replace(/[^\n]/g, ""));
}
