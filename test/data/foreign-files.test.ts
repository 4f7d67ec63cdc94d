import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { DataInput } from "../../src/data/options.ts";
import { zipOf } from "./array-files.ts";
import { prepared, refusal } from "./fixtures.ts";

const latin = (text: string) => Buffer.from(text, "latin1");
const csv = "a,b,y\n1,2,3\n4,5,6\n7,9,1\n";
const arff = [
  ...["% made by hand", "@RELATION t", "", "@ATTRIBUTE a NUMERIC", "@attribute y {no,yes}"],
  ...["", "@DATA", "1,no", "2,yes", ""],
].join("\n");
const zip = zipOf({ "a.csv": latin(csv), "b.csv": latin(csv) });
const workbook = zipOf({ "[Content_Types].xml": latin("<a/>"), "xl/workbook.xml": latin("<a/>") });
const model = zipOf({ "m/data.pkl": latin("x"), "m/version": latin("3") });

/** By the first bytes that each kind has; what follows them does not matter. */
test.each([
  ["an Excel workbook of before 2007", latin("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), /CSV UTF-8/],
  ["a workbook of a spreadsheet", workbook, /read_excel\('t'\)/],
  ["a file of PyTorch", model, /numpy\.save/],
  ["a ZIP archive of 2 files", zip, /unzip t; it holds a\.csv, b\.csv/],
  ["a Python pickle", latin("\x80\x04\x95\x10"), /read_pickle\('t'\).*trust/],
  ["a Feather file of before 2020", latin("FEA1\0\0\0\0"), /to_parquet\('t\.parquet'\)/],
  ["compressed by bzip2", latin("BZh91AY&SY\x01"), /^bunzip2 -k t$/],
  ["compressed by xz", latin("\xfd7zXZ\0\0\x04"), /^xz -dk t$/],
  ["compressed by lz4", latin("\x04\x22\x4d\x18\x64"), /^lz4 -dk t$/],
  ["a 7-Zip archive", latin("7z\xbc\xaf\x27\x1c"), /^7z x t$/],
  ["a tar archive", latin(`${"a.csv".padEnd(257, "\0")}ustar\0`), /^tar -xf t$/],
  ["an HDF5 file", latin("\x89HDF\r\n\x1a\n"), /read_hdf/],
  ["an ORC file", latin("ORC\x11\0\0\x0a"), /read_orc/],
  ["an Avro file", latin("Obj\x01\x04\x14avro.codec"), /read_avro/],
  ["a Stata file", latin("<stata_dta><header>"), /read_stata/],
  ["an SPSS file", latin("$FL2@(#) SPSS DATA FILE"), /read_spss/],
  ["an SQLite database", latin("SQLite format 3\0\x10"), /select \* from NAME/],
  ["an R data file", gzipSync(latin("X\n\0\0\0\x03\0\x04\x03\x02")), /readRDS\("t"\)/],
  ["an R data file of named", gzipSync(latin("RDX3\nX\n\0\0\0\x03\0\x04")), /load\("t", e\)/],
  ["a MATLAB file", latin("MATLAB 5.0 MAT-file, Platform: GLNXA64"), /loadmat\('t'\)/],
  ["a PDF document", latin("%PDF-1.7\n"), /export its table/],
  ["a web page", latin("\n<!DOCTYPE html>\n<html>"), /answered with a page/],
  ["an XML document", latin('<?xml version="1.0"?>\n<rows/>'), /export its rows/],
  ["a pointer of Git LFS", latin("version https://git-lfs.github.com/spec/v1\n"), /^git lfs pull$/],
  ["an ARFF file", latin(arff), /sed '1,\/\^@data\/Id' t > t\.csv.*header: false/],
  ["one JSON list", latin('[\n {"a": 1}, {"a": 2}]'), /jq -c '\.\[\]' t > t\.jsonl/],
  ["one JSON list", latin("[[1,2],[3,4]]"), /jq/],
  ["one JSON document", latin('{\n  "a": 1,\n  "b": 2\n}\n'), /read_json/],
  ["one JSON document", latin('{"columns": [\n"a"]}'), /read_json/],
])("%s is named, whatever it is called, and the way out", async (what, bytes, hint) => {
  for (const name of ["t", "t.csv", "t.parquet"]) {
    const error = await refusal(prepared({ [name]: bytes }, { source: name, target: "y" }));
    expect(error.message).toContain(`${name}: `);
    expect(error.message).toContain(what);
    if (name === "t") expect(error.hint?.replace("make CSV or Parquet of it: ", "")).toMatch(hint);
  }
});

test("a table of text that only begins like another kind is read", async () => {
  for (const name of ["ORCA", "BZh", "7zip", "PKs", "Obj", "X"]) {
    const files = { "t.csv": csv.replace("a", name) };
    const { prepared: made } = await prepared(files, { source: "t.csv", target: "y" });
    expect(made.preparation.featureNames).toContain(name);
  }
});

/** Whether a command is there at all. */
const has = (command: string) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

describe("the way out, followed", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kofn-way-out-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const inBase64 = (text: string) => Buffer.from(text, "base64");

  interface Way {
    readonly tool: string;
    readonly name: string;
    readonly content: string | Uint8Array;
    /** What of the hint is typed. */
    readonly typed: RegExp;
    readonly made: string;
    readonly more?: Partial<DataInput>;
    readonly rows: number;
  }
  const ways: Way[] = [
    {
      ...{ tool: "bunzip2", name: "t.csv.bz2", made: "t.csv", typed: /bunzip2 .*/, rows: 3 },
      content: inBase64(
        "QlpoOTFBWSZTWTV3qLMAAArZgAAQAAQ/oDAAACAgADEA0ADU/VDRpp6OJijs+r7bECAFYu5IpwoSBq71FmA=",
      ),
    },
    {
      ...{ tool: "xz", name: "u.csv.xz", made: "u.csv", typed: /xz .*/, rows: 3 },
      content: inBase64(
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAXYSxiLHkKMSwyLDMKNCw1LDYKNyw5LDEKADt/" +
          "LRBZTex3AAEwGI4brOwftvN9AQAAAAAEWVo=",
      ),
    },
    {
      ...{ tool: "unzip", name: "v.zip", made: "a.csv", typed: /unzip [^;]*/, rows: 3 },
      content: zip,
    },
    {
      ...{ tool: "sed", name: "t.arff", made: "t.arff.csv", typed: /sed [^ ]* [^ ]* > \S*csv/ },
      ...{ content: arff, rows: 2, more: { header: false, target: 0 } },
    },
    {
      ...{ tool: "jq", name: "t.json", made: "t.json.jsonl", typed: /jq .*/, rows: 2 },
      content: '[{"a": 1, "y": 2},\n{"a": 3, "y": 4}]',
    },
    ...["r-gzip.rds", "r-save.RData", "r-dput.txt"].map((name) => ({
      ...{ tool: "Rscript", name, made: `${name}.csv`, typed: /Rscript .*/, rows: 6 },
      content: readFileSync(join(import.meta.dirname, "../fixtures/tables", name)),
      more: { missing: "impute" } as const,
    })),
    {
      ...{ tool: "grep", name: "c.csv", made: "NEW", typed: /grep .*/, rows: 3 },
      content: `# made by a machine\n# twice\n${csv}`,
    },
    {
      ...{ tool: "iconv", name: "l.csv", made: "NEW", typed: /iconv .*/, rows: 3 },
      content: latin(csv.replace("a", "\xe9")),
    },
    {
      ...{ tool: "iconv", name: "w.csv", made: "NEW", typed: /iconv .*/, rows: 3 },
      content: Buffer.from(`\ufeff${csv}`, "utf16le"),
    },
  ];
  it.for(ways)("$tool makes of $name what is read", async (way, { skip }) => {
    skip(!has(way.tool), `${way.tool} is not here`);
    const { name, content, typed, made, rows, more } = way;
    await writeFile(join(folder, name), content);
    const options = (file: string) => ({ source: join(folder, file), target: "y", ...more });
    const { hint } = await refusal(prepared({}, options(name)));
    const command = typed.exec(hint!)![0].replace("OLD", name);
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder });
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: "" });
    expect((await prepared({}, options(made))).prepared.rows).toBe(rows);
  });
});
