import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import { zipOf } from "./array-files.ts";
import type { Files } from "./fixtures.ts";
import { filesOf, outcome, predictions, tableOf, trainedOn } from "./made-tables.ts";

it("a table is predicted alike, or refused, by each format's model from each other", async () => {
  const table = tableOf({
    ...{ seed: 7, rows: 24, isClasses: false, hasGaps: false },
    kinds: ["whole", "real", "tiny"],
  });
  const plain = filesOf(table);
  const text = plain["t.csv"] as string;
  const fromZero = String(plain["t.libsvm"]).replace(/(\d+):/g, (_, i) => `${i - 1}:`);
  const files: Files = {
    ...plain,
    "packed.csv.gz": gzipSync(text),
    "packed.csv.zst": zstdCompressSync(text),
    "packed.zip": zipOf({ "t.csv": new TextEncoder().encode(text) }),
    "semicolons.csv": text.replaceAll(",", ";"),
    "blanks.txt": text
      .replace(/^.*/, (names) => names.replace(/[^,]+/g, '"$&"'))
      .replaceAll(",", "  "),
    "old-mac.csv": text.replaceAll("\n", "\r"),
    "excel.csv": `sep=;\r\n${text.replaceAll(",", ";").replaceAll("\n", "\r\n")}`,
    "zero.libsvm": fromZero,
  };
  // What has no names numbers its columns; sparse rows are of a kind of their own.
  const kindOf = (name: string) =>
    /libsvm/.test(name) ? "sparse" : /np[yz]/.test(name) ? "numbered" : "named";
  const seen: Record<string, number> = {};
  for (const trained of Object.keys(files)) {
    const model = await trainedOn(trained, files, table, { standardize: true });
    const own = await predictions(model, trained, files);
    for (const name of Object.keys(files)) {
      const other = await outcome(predictions(model, name, files));
      const isRefused = other instanceof RunError;
      const pair = `${kindOf(trained)} to ${kindOf(name)}: ${isRefused ? "refused" : "equal"}`;
      seen[pair] = (seen[pair] ?? 0) + 1;
      if (isRefused) expect(other.message).toContain(name);
      else expect({ trained, name, said: other }).toEqual({ trained, name, said: own });
    }
  }
  expect(seen).toEqual({
    "named to named: equal": 13 * 13,
    "named to numbered: refused": 13 * 3,
    "named to sparse: refused": 13 * 2,
    "numbered to named: refused": 3 * 13,
    "numbered to numbered: equal": 3 * 3,
    "numbered to sparse: refused": 3 * 2,
    "sparse to named: refused": 2 * 13,
    "sparse to numbered: refused": 2 * 3,
    "sparse to sparse: equal": 2,
    // One counts from 0, the other from 1.
    "sparse to sparse: refused": 2,
  });
});
