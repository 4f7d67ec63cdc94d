import os

import polars as pl
from jobs import ENDPOINT, perform, same

options = {
    "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
    "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    "aws_region": "us-east-1",
    "aws_endpoint_url": ENDPOINT,
    "aws_allow_http": "true",
}
B = os.environ["KOFN_CLIENT_BUCKET"]
small = pl.DataFrame({"x": [1, 2, 3], "y": ["a", "b", "\u00fc"]})
large = pl.DataFrame({"x": range(3_000_000), "y": pl.Series(range(3_000_000)).hash()})


def upload():
    small.write_parquet(f"s3://{B}/small.parquet", storage_options=options)
    found = pl.read_parquet(f"s3://{B}/small.parquet", storage_options=options)
    same(found.equals(small), True, "table")


def multipart():
    large.lazy().sink_parquet(f"s3://{B}/large.parquet", storage_options=options)
    found = pl.read_parquet(f"s3://{B}/large.parquet", storage_options=options)
    same(found.equals(large), True, "table")


def ranges():
    one = pl.scan_parquet(f"s3://{B}/large.parquet", storage_options=options)
    rows = one.select("x").slice(1_000_000, 3).collect()["x"].to_list()
    same(rows, [1_000_000, 1_000_001, 1_000_002], "rows")


def lists():
    for name in ("a", "b", "c"):
        small.write_parquet(f"s3://{B}/list/{name}.parquet", storage_options=options)
    found = pl.scan_parquet(f"s3://{B}/list/*.parquet", storage_options=options)
    same(found.collect().height, 9, "rows")


perform(
    pl.__version__,
    {"upload": upload, "multipart": multipart, "ranges": ranges, "list": lists},
)
