#!/usr/bin/env bash
# An exception inside `with fs.open("bucket/key", "wb")` of s3fs does not leave the old object in place: the
# file is closed on the way out, and closing uploads what was written so far as a whole, valid object. A writer
# of a checkpoint that fails half way replaces the last good one by its first half. S3's PUT is all or nothing,
# so one expects nothing. fsspec's page on transactions has the way out (`with fs.transaction:` discards on an
# exception); smart_open ends its upload without an object. The server below keeps what arrives.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  s3fs==2026.9.0 smart_open==9.0.2 boto3==1.43.117
"$dir/venv/bin/python" - <<'PY'
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import s3fs
import smart_open

SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
objects = {}


def unframed(body):
    """The bytes of a body in S3's aws-chunked framing."""
    data = b""
    while body:
        size, body = body.split(b"\r\n", 1)
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        data, body = data + body[:length], body[length + 2 :]
    return data


class S3(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            body = unframed(body)
        if "partNumber=" not in self.path:  # a part is no object before its upload completes
            objects[self.path] = body
        self.answer(200, ETag='"9e107d9d372bb6826bd81d3542a419d6"')

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = (
            f'<InitiateMultipartUploadResult xmlns="{SPACE}"><Bucket>data</Bucket><Key>k</Key>'
            "<UploadId>upload</UploadId></InitiateMultipartUploadResult>"
        )
        self.answer(200, body.encode())

    def do_DELETE(self):
        self.answer(204)

    def do_HEAD(self):
        body = objects.get(self.path)
        if body is None:
            self.answer(404)
        else:
            self.answer(200, length=len(body), ETag='"9e107d9d372bb6826bd81d3542a419d6"')

    def do_GET(self):
        body = (
            f'<ListBucketResult xmlns="{SPACE}"><Name>data</Name><KeyCount>0</KeyCount>'
            "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"
        )
        self.answer(200, body.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
print("s3fs", s3fs.__version__, "smart_open", smart_open.__version__)


def fail_half_way(file):
    with file:
        file.write(b"first half")
        raise RuntimeError("the second half cannot be made")


fs = s3fs.S3FileSystem(
    key="key", secret="secret", endpoint_url=url, client_kwargs={"region_name": "us-east-1"}
)
client = boto3.client(
    "s3",
    endpoint_url=url,
    aws_access_key_id="key",
    aws_secret_access_key="secret",
    region_name="us-east-1",
)
WHOLE = b"first half and second half"
fs.pipe_file("data/by-s3fs", WHOLE)
fs.pipe_file("data/in-transaction", WHOLE)
objects["/data/by-smart-open"] = WHOLE


def fail_in_transaction():
    with fs.transaction:
        fail_half_way(fs.open("data/in-transaction", "wb"))


writes = {
    "/data/by-s3fs": lambda: fail_half_way(fs.open("data/by-s3fs", "wb")),
    "/data/in-transaction": fail_in_transaction,
    "/data/by-smart-open": lambda: fail_half_way(
        smart_open.open("s3://data/by-smart-open", "wb", transport_params={"client": client})
    ),
}
for key, write in writes.items():
    try:
        write()
    except RuntimeError:
        print(key, "after the exception:", objects[key])
same = objects == {
    "/data/by-s3fs": b"first half",
    "/data/in-transaction": WHOLE,
    "/data/by-smart-open": WHOLE,
}
print("as described" if same else "the behaviour changed")
sys.exit(0 if same else 1)
PY
