import { parseArgs } from "node:util";
import { projectRoot, structureOf } from "./structure/measure.ts";

/*
 * `npm run structure`: how src/ and functions/ are laid out. `--list` names what is counted. Names
 * come from syntax trees: what only a type checker knows, such as members of inferred types, is
 * not among them, and a name that is passed on (`export { a } from`) counts where it is made.
 */

const { values } = parseArgs({ options: { list: { type: "boolean", default: false } } });
const found = structureOf(projectRoot);
const { old } = found;
const participles = Object.entries(old.participles);
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

const rows: readonly (readonly [string, string | number, readonly string[]])[] = [
  ["files", found.files, []],
  ["lines", found.lines, []],
  ["median lines", found.medianLines, []],
  ["under 40 lines", `${(100 * found.shortShare).toFixed(1)} %`, []],
  ["largest folder", `${found.largestFolder.files} (${found.largestFolder.path})`, []],
  ["files with one importer", found.withOneImporter.length, found.withOneImporter],
  ["import circles", found.circles.length, found.circles.map((one) => one.join(", "))],
  [
    "circles between rooms",
    found.roomCircles.length,
    found.roomCircles.map(({ folder, rooms }) => `${folder}: ${rooms.join(", ")}`),
  ],
  ["arrows up", found.arrowsUp.length, found.arrowsUp],
  [
    "names exported twice",
    found.doubled.length,
    found.doubled.map(([name, files]) => `${name}: ${files.join(", ")}`),
  ],
  ["old file names", old.files.length, old.files],
  ["old names", old.names.length, old.names],
  ["old members", old.members.length, old.members],
  ["old literals", old.literals.length, old.literals],
  [
    "participles as variables",
    sum(participles.map(([, count]) => count)),
    participles.map(([word, count]) => `${word}: ${count}`),
  ],
];

for (const [what, count, list] of rows) {
  console.log(`${what.padEnd(26)} ${count}`);
  if (values.list) for (const line of list) console.log(`  ${line}`);
}
