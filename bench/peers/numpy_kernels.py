"""NumPy on one thread: reads a command a line, prints what it took in milliseconds as JSON."""

import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np

rows, columns, stored, width, top = json.loads(sys.stdin.readline())
random = np.random.default_rng(1)
x = random.standard_normal((rows, columns), dtype=np.float32)
w = random.standard_normal(columns, dtype=np.float32)
y = random.standard_normal(rows, dtype=np.float32)
block = random.standard_normal((stored // 2, width), dtype=np.float32)
code = random.standard_normal((stored, stored // 2), dtype=np.float32)
vector = random.standard_normal(top, dtype=np.float32)


def gradient():
    return x.T @ (x @ w - y)


def logistic():
    return x.T @ (1 / (1 + np.exp(-(x @ w))) - y)


def encode():
    return code @ block


def select():
    return np.argpartition(np.abs(vector), -(top // 100))[-(top // 100):]


def read():
    return x.reshape(-1).dot(x.reshape(-1))


print(json.dumps({"version": np.__version__}), flush=True)
commands = {f.__name__: f for f in (gradient, logistic, encode, select, read)}
for line in sys.stdin:
    begun, processor = time.perf_counter(), time.thread_time()
    commands[line.strip()]()
    taken, processor = time.perf_counter() - begun, time.thread_time() - processor
    print(json.dumps({"ms": 1000 * taken, "processorMs": 1000 * processor}), flush=True)
