#!/usr/bin/env bash
# A put that writes only where nothing is yet (boto3's IfNoneMatch="*", obstore's mode="create") can fail on the
# very object that it has just written: where the reply is lost, the client tries again by itself, meets its own
# first try, and raises "precondition failed" or AlreadyExistsError. A lock or a commit that is taken in this way
# then belongs to nobody, for its owner believes that another was faster. S3's page on conditional writes tells
# of 412 among several writers only. Write a token of one's own into the object and read it back after a 412.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.5 obstore==0.12.1
"$dir/venv/bin/python" - <<'PY'
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import boto3
import obstore
from botocore.config import Config

objects = {}
tries = []


class S3(BaseHTTPRequestHandler):
    """Keeps what is put, honours If-None-Match, and loses the reply to the first try of each key."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.path.split("?")[0]
        tries.append(key)
        if self.headers.get("If-None-Match") == "*" and key in objects:
            error = b"<Error><Code>PreconditionFailed</Code><Message>It is there.</Message></Error>"
            return self.answer(412, error)
        objects[key] = body
        if tries.count(key) == 1:
            self.close_connection = True  # the write is done; its reply never arrives
            return None
        return self.answer(200)

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("ETag", '"9e107d9d372bb6826bd81d3542a419d6"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"


def with_boto3():
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(s3={"addressing_style": "path"}),
    )
    client.put_object(Bucket="data", Key="boto3", Body=b"mine", IfNoneMatch="*")


def with_obstore():
    store = obstore.store.S3Store(
        "data",
        endpoint=url,
        region="us-east-1",
        access_key_id="key",
        secret_access_key="secret",
        client_options={"allow_http": True},
        virtual_hosted_style_request=False,
    )
    obstore.put(store, "obstore", b"mine", mode="create")


same = True
for name, put in (("boto3", with_boto3), ("obstore", with_obstore)):
    try:
        put()
        outcome = "written"
    except Exception as thrown:
        outcome = f"{type(thrown).__name__}: {str(thrown).splitlines()[0][:90]}"
    key = f"/data/{name}"
    print(f"{name} {version(name)}: {outcome}")
    print(f"  tries {tries.count(key)}, what is stored: {bytes(objects.get(key, b''))!r}")
    refused = "PreconditionFailed" in outcome or "AlreadyExists" in outcome
    same = same and refused and tries.count(key) == 2 and b"mine" in objects[key]
print("as described" if same else "the behaviour changed")
sys.exit(0 if same else 1)
PY
