import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { playPage, transcriptPages } from "./play.ts";
import { difference, isElided, withPrinted } from "./transcripts.ts";

/*
 * `npm run transcripts [-- PART]`: calls the commands of the tutorials and how-to pages (those with
 * PART in their names) and writes beside them what they print. What it leaves alone, because the
 * page has dots there, it compares.
 */

const root = join(import.meta.dirname, "../..");
const [part = ""] = process.argv.slice(2);
for (const path of transcriptPages().filter((name) => name.includes(part))) {
  const file = join(root, path);
  const page = readFileSync(file, "utf8");
  const played = await playPage(page);
  const now = withPrinted(page, played);
  writeFileSync(file, now);
  console.log(`${path}: ${now === page ? "as it was" : "written"}`);
  for (const { command, shown, lines } of played) {
    const found = isElided(shown.lines) ? difference(shown.lines, lines) : null;
    if (found !== null) console.log(`$ ${command}\n${lines.join("\n")}\n${found}\n`);
  }
}
