#!/usr/bin/env bash
# In apache-arrow for JavaScript, toArray() of a number column is a view of the value buffer and knows nothing
# of nulls: a null becomes whatever number lies under it (0, or the value that a mask hid), although get() and
# iteration give null and the same call on a Bool or a Utf8 column keeps its nulls. A Float16 column comes out
# as the raw 16-bit patterns, where get() gives numbers. The API page of Vector speaks of a zero-copy slice of
# the typed array and leaves the consequence to the reader. Look at nullCount and the type before toArray().
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" apache-arrow@21.2.0
cd "$dir"
cat > run.mjs <<'JS'
import { readFileSync } from "node:fs";
import * as arrow from "apache-arrow";

const { version } = JSON.parse(readFileSync("node_modules/apache-arrow/package.json", "utf8"));
console.log("apache-arrow", version);
const table = new arrow.Table({
  masked: arrow.makeVector(
    arrow.makeData({
      type: new arrow.Float64(),
      data: new Float64Array([1, 77, 3]),
      nullBitmap: new Uint8Array([0b101]),
      nullCount: 1,
      length: 3,
    }),
  ),
  number: arrow.vectorFromArray([1, null, 3], new arrow.Float64()),
  flag: arrow.vectorFromArray([true, null, false], new arrow.Bool()),
  half: arrow.vectorFromArray([1.5, 2, 3], new arrow.Float16()),
});
const read = arrow.tableFromIPC(arrow.tableToIPC(table, "file"));
const show = (name) => {
  const column = read.getChild(name);
  const seen = JSON.stringify([[...column], Array.from(column.toArray())]);
  console.log(`${name} (${column.type}): iteration and toArray():`, seen);
  return seen;
};
const same =
  show("masked") === "[[1,null,3],[1,77,3]]" &&
  show("number") === "[[1,null,3],[1,0,3]]" &&
  show("flag") === "[[true,null,false],[true,null,false]]" &&
  show("half") === "[[1.5,2,3],[15872,16384,16896]]";
console.log(same ? "as described" : "the behaviour changed");
process.exit(same ? 0 : 1);
JS
node run.mjs
