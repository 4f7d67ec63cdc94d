import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playPage, transcriptPages } from "../../scripts/docs/play.ts";
import { difference, stepsOf, withPrinted } from "../../scripts/docs/transcripts.ts";
import { campaign } from "../campaign.ts";

const root = join(import.meta.dirname, "../..");

/** Starts workers as processes: under soak. */
const long = ["docs/tutorials/deploy.md"];
const played = transcriptPages().filter((path) => campaign(!long.includes(path), true));

test.each(played)("%s: its commands print what stands beside them", async (path) => {
  const page = readFileSync(join(root, path), "utf8");
  const commands = await playPage(page);
  expect(commands.length).toBeGreaterThan(0);
  for (const { command, shown, lines } of commands) {
    const found = difference(shown.lines, lines);
    const all = lines.join("\n");
    expect(found, `$ ${command}\n${all}\nnpm run transcripts writes what is printed`).toBeNull();
  }
});

test("files, commands and what they print are told apart, and a difference is found", () => {
  const page = [
    ...["```yaml [a.yaml]", "x: 1", "```", "", "```sh", "not called", "```"],
    ...["```console", "$ one a \\", "    b", "1", "2", "$ two", "```"],
  ].join("\n");
  expect(stepsOf(page)).toEqual([
    { kind: "file", name: "a.yaml", text: "x: 1\n" },
    { kind: "command", command: "one a b", shown: { lines: ["1", "2"], at: 10 } },
    { kind: "command", command: "two", shown: { lines: [], at: 13 } },
  ]);
  expect(difference(["1", "2"], ["1", "2", ""])).toBeNull();
  expect(difference(["1", "2"], ["1", "3"])).toBe("shown: 2\nprinted: 3");
  expect(difference(["1"], ["1", "3"])).toBe("shown: nothing more\nprinted: 3");
  expect(difference(["a", "...", "d"], ["a", "b", "c", "d"])).toBeNull();
  expect(difference(["a", "...", "d"], ["a", "b", "c"])).not.toBeNull();
  expect(difference(["took … ms"], ["took 3.4 ms"])).toBeNull();
  expect(difference(["took … ms"], ["took 3.4 s"])).not.toBeNull();
  const [, one] = stepsOf(page) as Extract<ReturnType<typeof stepsOf>[number], { shown: object }>[];
  const written = withPrinted(page, [{ shown: one!.shown, lines: ["3", "4", "5", ""] }]);
  expect(written).toContain("    b\n3\n4\n5\n$ two\n");
});
