import { RunError } from "../../core/errors.ts";
import type { Source } from "../sources/source.ts";

/** A kind of file that is not read here. */
interface ForeignKind {
  /** With its article. */
  readonly what: string;
  /** What makes something of it that is read; FILE stands for its path. */
  readonly wayOut: string;
  /** Given its first bytes, unpacked where they are gzip or zstd. */
  is(head: Buffer): boolean;
}

const begins =
  (...bytes: readonly number[]) =>
  (head: Buffer) =>
    bytes.every((byte, i) => head[i] === byte);
const spells =
  (word: string, at = 0) =>
  (head: Buffer) =>
    head.toString("latin1", at, at + word.length) === word;
const says = (pattern: RegExp) => (head: Buffer) => pattern.test(head.toString("utf8"));
const pandas = (call: string) => `python3 -c "import pandas; pandas.${call}"`;
const byPandas = (read: string) => pandas(`${read}('FILE').to_parquet('FILE.parquet')`);

const tables: readonly ForeignKind[] = [
  {
    what: "an Excel workbook of before 2007",
    wayOut: "save the sheet as CSV UTF-8 in the program that wrote it",
    is: begins(0xd0, 0xcf, 0x11, 0xe0),
  },
  {
    what: "a Python pickle",
    wayOut: `${byPandas("read_pickle")} (a pickle may run any code: only of somebody you trust)`,
    is: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5,
  },
  {
    what: "a Feather file of before 2020",
    wayOut: byPandas("read_feather"),
    is: spells("FEA1"),
  },
  { what: "an HDF5 file", wayOut: byPandas("read_hdf"), is: spells("\x89HDF\r\n") },
  {
    what: "an ORC file",
    wayOut: byPandas("read_orc"),
    is: (head) => /^ORC[^ -~\s]/.test(latin(head)),
  },
  { what: "a Stata file", wayOut: byPandas("read_stata"), is: spells("<stata_dta>") },
  { what: "an SPSS file", wayOut: byPandas("read_spss"), is: spells("$FL2@(#)") },
  {
    what: "an Avro file",
    wayOut: `python3 -c "import polars; polars.read_avro('FILE').write_parquet('FILE.parquet')"`,
    is: spells("Obj\x01"),
  },
  {
    what: "an SQLite database",
    wayOut: "sqlite3 -header -csv FILE 'select * from NAME' > FILE.csv",
    is: spells("SQLite format 3\0"),
  },
  {
    what: "an R data file",
    wayOut: `Rscript -e 'write.csv(readRDS("FILE"), "FILE.csv", row.names = FALSE)'`,
    is: spells("X\n\0\0\0"),
  },
  {
    what: "an R data file of named objects",
    wayOut:
      `Rscript -e 'e <- new.env(); load("FILE", e); ` +
      `write.csv(e[[ls(e)[1]]], "FILE.csv", row.names = FALSE)'`,
    is: (head) => ["RDX3\n", "RDX2\n"].some((name) => spells(`${name}X\n\0\0\0`)(head)),
  },
  {
    what: "R code, as dput writes it",
    wayOut: `Rscript -e 'write.csv(dget("FILE"), "FILE.csv", row.names = FALSE)'`,
    is: spells("structure(list("),
  },
  {
    what: "a MATLAB file",
    wayOut:
      `python3 -c "import numpy, scipy.io as s; ` +
      `numpy.save('FILE.npy', s.loadmat('FILE')['NAME'])"`,
    is: spells("MATLAB 5.0 MAT-file"),
  },
  {
    what: "an ARFF file",
    wayOut: "sed '1,/^@data/Id' FILE > FILE.csv keeps its rows; read them by data.header: false",
    is: says(/^(?:\s*%[^\n]*\n|\s*\n)*\s*@relation\s/i),
  },
  {
    what: "one JSON list, not a JSON object a line",
    wayOut: "jq -c '.[]' FILE > FILE.jsonl",
    is: says(/^\s*\[\s*[[{]/),
  },
  {
    what: "one JSON document, not a JSON object a line",
    wayOut: `${byPandas("read_json")} where it is a table`,
    is: says(/^\s*\{\s*\n\s*"|^\s*\{\s*"[^"]*"\s*:\s*[[{]\s*\n/),
  },
];

const wrappings: readonly ForeignKind[] = [
  {
    what: "compressed by bzip2",
    wayOut: "bunzip2 -k FILE",
    is: (head) => /^BZh[1-9]1AY&SY/.test(latin(head)),
  },
  { what: "compressed by xz", wayOut: "xz -dk FILE", is: begins(0xfd, 0x37, 0x7a, 0x58, 0x5a) },
  { what: "compressed by lz4", wayOut: "lz4 -dk FILE", is: begins(0x04, 0x22, 0x4d, 0x18) },
  { what: "a 7-Zip archive", wayOut: "7z x FILE", is: begins(0x37, 0x7a, 0xbc, 0xaf, 0x27) },
  { what: "a tar archive", wayOut: "tar -xf FILE", is: spells("ustar", 257) },
  { what: "a PDF document", wayOut: "export its table as CSV", is: spells("%PDF-") },
  {
    what: "a web page",
    wayOut: "its server answered with a page: get the file itself",
    is: says(/^\s*<(?:!doctype html|html)/i),
  },
  { what: "an XML document", wayOut: "export its rows as CSV", is: says(/^\s*<\?xml/i) },
  {
    what: "a pointer of Git LFS, not the file itself",
    wayOut: "git lfs pull",
    is: says(/^version https:\/\/git-lfs/),
  },
];

/** Refuses a file of a kind that is not read here, and names the way out; its head is unpacked. */
export function refuseForeign(source: Source, head: Buffer): void {
  const kind = [...tables, ...wrappings].find(({ is }) => is(head));
  if (kind === undefined) return;
  const wayOut = kind.wayOut.replaceAll("FILE", source.name);
  throw new RunError("bad-format", `${source.name}: it is ${kind.what}`, {
    hint: tables.includes(kind) ? `make CSV or Parquet of it: ${wayOut}` : wayOut,
  });
}

function latin(head: Buffer): string {
  return head.toString("latin1");
}
