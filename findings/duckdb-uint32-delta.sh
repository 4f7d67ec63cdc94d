#!/usr/bin/env bash
# A UINTEGER column with values from 2^31 on that DuckDB writes with parquet_version v2 is delta encoded from a
# first value that does not fit the 32 bits of its physical type (INT32). DuckDB and polars read it as it was
# meant, pyarrow ends in "Unexpected end of stream", and hyparquet gives numbers that are 2^31 too small without
# a word. The Parquet format asks for wrapped 32-bit arithmetic there (Encodings, "Delta Encoding"). CRC32 sums,
# IPv4 addresses and hashes are such columns. Cast to BIGINT before COPY, or leave the version at v1.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0
npm install --silent --no-audit --no-fund --prefix "$dir" hyparquet@1.31.5 hyparquet-compressors@1.1.2
cd "$dir"
"$dir/venv/bin/python" - <<'PY'
import duckdb
import polars
import pyarrow
import pyarrow.parquet as parquet

print("duckdb", duckdb.__version__, "pyarrow", pyarrow.__version__, "polars", polars.__version__)
rows = "select (3000000000 + i)::UINTEGER as u from range(200) t(i)"
for version in ("v1", "v2"):
    duckdb.execute(f"copy ({rows}) to '{version}.parquet' (format parquet, parquet_version {version})")
print("encodings of v2:", parquet.ParquetFile("v2.parquet").metadata.row_group(0).column(0).encodings)


def first(read):
    try:
        return int(read())
    except OSError as error:
        return str(error)


seen = {}
for version in ("v1", "v2"):
    file = f"{version}.parquet"
    seen[version] = {
        "duckdb": first(lambda: duckdb.execute(f"select min(u) from '{file}'").fetchone()[0]),
        "polars": first(lambda: polars.read_parquet(file)["u"].min()),
        "pyarrow": first(lambda: min(parquet.read_table(file)["u"].to_pylist())),
    }
    print(f"{version}, least value:", seen[version])
right = 3000000000
same = (
    all(value == right for value in seen["v1"].values())
    and seen["v2"]["duckdb"] == seen["v2"]["polars"] == right
    and "Unexpected end of stream" in str(seen["v2"]["pyarrow"])
)
open("python-says", "w").write("same" if same else "other")
PY
cat > run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";

console.log("hyparquet", JSON.parse(readFileSync("node_modules/hyparquet/package.json", "utf8")).version);
const first = async (name) => {
  const bytes = readFileSync(name);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return (await parquetReadObjects({ file, compressors }))[0].u;
};
const seen = [await first("v1.parquet"), await first("v2.parquet")];
console.log("v1 and v2, first value:", seen.join(", "));
const isWrong = seen[0] === 3000000000 && seen[1] === 3000000000 - 2 ** 31;
const same = isWrong && readFileSync("python-says", "utf8") === "same";
console.log(same ? "as described" : "the behaviour changed");
process.exit(same ? 0 : 1);
JS
node run.mjs
