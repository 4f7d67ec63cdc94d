"""Rounds over Ray actors: the same delays, waiting for all, and for the first k by ray.wait."""
import json
import sys
import time

import numpy as np
import ray

given = json.load(sys.stdin)
delays, quorum, entries = given["delaysMs"], given["quorum"], given["entries"]
workers = len(delays[0])


@ray.remote
class Worker:
    def gradient(self, weights, delay_ms):
        time.sleep(delay_ms / 1000)
        return weights * 2


ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
actors = [Worker.remote() for _ in range(workers)]
weights = np.zeros(entries, dtype=np.float32)
ray.get([actor.gradient.remote(weights, 0) for actor in actors])


def run(count):
    begun = time.perf_counter()
    for row in delays:
        replies = [actor.gradient.remote(weights, ms) for actor, ms in zip(actors, row)]
        ready, _ = ray.wait(replies, num_returns=count)
        sum(ray.get(ready))
    return time.perf_counter() - begun


everyone = run(workers)
first = run(quorum)
print(json.dumps({"version": ray.__version__, "allSeconds": everyone, "firstSeconds": first}))
