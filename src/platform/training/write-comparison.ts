import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closeOwnFolder, ownFile } from "../../core/own-files.ts";
import { renderReport } from "../../report/render.ts";
import { readHistory } from "../../run/finish.ts";
import { lookInto } from "../local/home-claim.ts";

/** Writes the page that shows runs of a home side by side, by their labels. Returns its path. */
export async function writeComparison(
  name: string,
  compared: readonly { readonly label: string; readonly run: string }[],
  path: string,
): Promise<string> {
  const home = await lookInto(path);
  try {
    const runs = [];
    for (const { label, run } of compared)
      runs.push({ label, events: await readHistory(home.store, run) });
    const folder = join(path, "comparisons", name);
    closeOwnFolder(folder);
    const report = join(folder, "report.html");
    // Beside `comparisons` lies `runs`: the links hold wherever the home is moved to.
    const hrefOf = (run: string) => `../../runs/${run}/report.html`;
    await writeFile(report, renderReport({ title: name, runs, hrefOf }), { mode: ownFile });
    return report;
  } finally {
    await home.close();
  }
}
