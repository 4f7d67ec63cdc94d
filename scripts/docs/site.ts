import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pictureIn, pictures, sitePages, userPages } from "./pages.ts";

/*
 * `npm run site`: the documentation as static files with search, in site/dist. The pages are those
 * of the project; the generator is asked for nothing from the network.
 */

const root = join(import.meta.dirname, "../..");
const site = join(root, "site");

/** Lays the pages out as the generator reads them, below `site/pages`. */
export function layOutPages(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const { path, text } of sitePages(userPages())) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  for (const picture of pictures()) copyFileSync(join(root, picture), pictureIn(folder, picture));
}

if (import.meta.main) {
  layOutPages(join(site, "pages"));
  const vitepress = join(root, "node_modules/vitepress/bin/vitepress.js");
  execFileSync(process.execPath, [vitepress, "build", "site"], { cwd: root, stdio: "inherit" });
  console.log("the site is in site/dist: npx vitepress preview site");
}
