#!/usr/bin/env bash
# A folder such as zip=02138 is a value of a hive partition. DuckDB gives the text "02138"; pyarrow, pandas and
# polars give the number 2138 for the same files, although pyarrow itself wrote a column of text there: a code
# with leading zeros does not survive write and read, and joins by it find nothing. Only the folder names are
# looked at, so that one more folder (zip=K1A) makes text of the whole column again. pyarrow's page of datasets
# says that types are inferred; state the type (partitioning=, hive_schema=) to keep codes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0 pandas==3.1.1
cd "$dir"
"$dir/venv/bin/python" - <<'PY'
import sys

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.dataset as dataset
import pyarrow.parquet as parquet

for package in (duckdb, pyarrow, polars, pandas):
    print(package.__name__, package.__version__)
table = pyarrow.table({"zip": ["01234", "02138"], "a": [1, 2]})


def readings(folder):
    files = f"{folder}/*/*.parquet"
    query = f"select zip from read_parquet('{files}', hive_partitioning=true) order by a"
    return {
        "pyarrow": dataset.dataset(folder, partitioning="hive").to_table()["zip"].to_pylist(),
        "pandas": pandas.read_parquet(folder)["zip"].tolist(),
        "polars": polars.scan_parquet(folder, hive_partitioning=True).collect()["zip"].to_list(),
        "duckdb": [zip for (zip,) in duckdb.execute(query).fetchall()],
    }


parquet.write_to_dataset(table, "codes", partition_cols=["zip"])
codes = readings("codes")
print("written:", table["zip"].to_pylist())
for name, seen in codes.items():
    print(f"{name} reads:", seen)
more = pyarrow.table({"zip": ["01234", "02138", "K1A"], "a": [1, 2, 3]})
parquet.write_to_dataset(more, "mixed", partition_cols=["zip"])
mixed = readings("mixed")
print("with a folder zip=K1A, pyarrow reads:", sorted(mixed["pyarrow"]))
same = (
    sorted(codes["duckdb"]) == ["01234", "02138"]
    and all(sorted(codes[name]) == [1234, 2138] for name in ("pyarrow", "pandas", "polars"))
    and sorted(mixed["pyarrow"]) == ["01234", "02138", "K1A"]
)
print("as described" if same else "the behaviour changed")
sys.exit(0 if same else 1)
PY
