"""From the start of the process to the end of one round over Ray actors, everything cold."""
import json
import sys

import numpy as np
import ray

given = json.load(sys.stdin)


@ray.remote
class Worker:
    def __init__(self, rows, targets):
        self.rows, self.targets = rows, targets

    def gradient(self, weights):
        return self.rows.T @ (self.rows @ weights - self.targets)


table = np.loadtxt(given["path"], delimiter=",", skiprows=1)
workers = given["workers"]
ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
shards = np.array_split(table, workers)
actors = [Worker.remote(shard[:, :-1], shard[:, -1]) for shard in shards]
weights = np.zeros(table.shape[1] - 1)
gradient = sum(ray.get([actor.gradient.remote(weights) for actor in actors]))
print(json.dumps({"version": f"ray {ray.__version__}", "norm": float(np.linalg.norm(gradient))}))
