"""What all clients are asked to do with a bucket, and how it is told: a JSON line a job."""

import json
import os
import re
import sys
import tempfile
import urllib.request

ENDPOINT = os.environ["AWS_ENDPOINT_URL_S3"]
MIB = 1 << 20
SMALL = b"small \xc3\xbc\n" * 100
LARGE = os.urandom(20 * MIB + 7)
FOLDER = tempfile.mkdtemp(prefix="kofn-client-")
KEYS = ["a", "b/1", "b/2", "c d+e"]


def path(name, data=None):
    """A file of this machine, with these bytes where they are given."""
    where = os.path.join(FOLDER, name)
    if data is not None:
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "wb") as file:
            file.write(data)
    return where


def read(name):
    with open(path(name), "rb") as file:
        return file.read()


def same(found, wanted, what="bytes"):
    if found != wanted:
        text = f"{found!r:.80} for {wanted!r:.80}" if what != "bytes" else f"{len(found)} bytes"
        raise AssertionError(f"wrong {what}: {text}")


def fetched(url):
    with urllib.request.urlopen(url) as reply:
        return reply.read()


def sent(url, data, headers=None):
    request = urllib.request.Request(url, data=data, method="PUT", headers=headers or {})
    with urllib.request.urlopen(request) as reply:
        return reply.status


def perform(version, jobs):
    print(json.dumps({"version": version}), flush=True)
    for name, job in jobs.items():
        try:
            outcome = job() or "ok"
        except AssertionError as thrown:
            outcome = f"WRONG: {thrown}"
        except Exception as thrown:  # noqa: BLE001: what a client throws is what is told
            text = f"{type(thrown).__name__}: {thrown}"
            refused = re.search(r"NotImplemented(?!Error)|not implemented|\b501\b", text)
            outcome = "not offered: NotImplemented" if refused else f"FAILED: {text:.300}"
        print(json.dumps({"job": name, "outcome": outcome}), flush=True)
    sys.stdout.flush()
