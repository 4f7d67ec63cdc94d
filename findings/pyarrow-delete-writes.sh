#!/usr/bin/env bash
# delete_file of pyarrow's S3FileSystem writes: after the DELETE it puts an empty object "folder/" in the place of
# what might be the last file there (DeleteFile in Arrow's s3fs.cc keeps the parent "directory"). A prefix that is
# emptied file by file is never empty to other clients, which list the marker as an object; and under a role that
# may delete but not put, the call raises although the file is gone, so that a retry finds nothing to delete.
# move does the same to its source. Delete with boto3, or remove the markers afterwards.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1
"$dir/venv/bin/python" - <<'PY'
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pyarrow
from pyarrow.fs import S3FileSystem

objects = {}
seen = []
may_put = True


class S3(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def key(self):
        key = unquote(urlsplit(self.path).path)
        seen.append(f"{self.command} {key}")
        return key

    def answer(self, status, length=0, body=b""):
        self.send_response(status)
        self.send_header("ETag", '"9e107d9d372bb6826bd81d3542a419d6"')
        self.send_header("Last-Modified", "Mon, 02 Nov 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self):
        key = self.key()
        if key in objects:
            self.answer(200, length=len(objects[key]))
        else:
            self.answer(404)

    def do_DELETE(self):
        objects.pop(self.key(), None)
        self.answer(204)

    def do_PUT(self):
        key = self.key()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not may_put:
            error = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            return self.answer(403, body=error)
        objects[key] = body
        return self.answer(200)


server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
threading.Thread(target=server.serve_forever, daemon=True).start()
fs = S3FileSystem(
    access_key="key",
    secret_key="secret",
    region="us-east-1",
    scheme="http",
    endpoint_override=f"127.0.0.1:{server.server_port}",
)
print("pyarrow", pyarrow.__version__)


def delete(allowed):
    """Deletes the one file of a folder; how it ended, what was asked, and what is left."""
    global may_put
    may_put = allowed
    seen.clear()
    objects.clear()
    objects["/data/runs/1/old.bin"] = b"x"
    try:
        fs.delete_file("data/runs/1/old.bin")
        outcome = "deleted"
    except OSError as thrown:
        outcome = "OSError: " + ("ACCESS_DENIED" if "ACCESS_DENIED" in str(thrown) else str(thrown))
    print(f"the role may put: {allowed}: {outcome}")
    print("  requests:", ", ".join(seen))
    print("  objects left:", sorted(objects))
    return outcome, list(seen), sorted(objects)


outcome, requests, left = delete(True)
same = outcome == "deleted" and requests[-1] == "PUT /data/runs/1/" and left == ["/data/runs/1/"]
outcome, requests, left = delete(False)
same = same and outcome == "OSError: ACCESS_DENIED" and left == []
print("as described" if same else "the behaviour changed")
sys.exit(0 if same else 1)
PY
