"""One round over Ray actors: every reply is an array of float32."""
import json
import sys
import time

import numpy as np
import ray

given = json.load(sys.stdin)
workers, entries, rounds = given["workers"], given["entries"], given["rounds"]


@ray.remote
class Worker:
    def gradient(self, weights):
        return weights * 2


ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
actors = [Worker.remote() for _ in range(workers)]
weights = np.zeros(entries, dtype=np.float32)


def round_ms():
    begun = time.perf_counter()
    # One object for all, as Ray advises for arguments that many tasks share.
    shared = ray.put(weights)
    sum(ray.get([actor.gradient.remote(shared) for actor in actors]))
    return (time.perf_counter() - begun) * 1000


for _ in range(30):
    round_ms()
times = sorted(round_ms() for _ in range(rounds))
print(json.dumps({"version": ray.__version__, "p50Ms": times[len(times) // 2], "p95Ms": times[int(len(times) * 0.95)]}))
