"""A whole command over Ray actors: logistic regression, some tasks late, all replies or the first k.

`ray_late.py` with {"path", "delaysMs", "quorum", "step", "l2"} on standard input: by round and
slot how late a task is. Prints the objective and the version.
"""
import json
import sys
import time

import numpy as np
import pandas
import ray

given = json.load(sys.stdin)
delays, quorum, step, l2 = given["delaysMs"], given["quorum"], given["step"], given["l2"]
workers = len(delays[0])


@ray.remote
class Worker:
    def __init__(self, rows, targets):
        self.rows, self.targets = rows, targets

    def gradient(self, weights, delay_ms):
        time.sleep(delay_ms / 1000)
        chances = 1 / (1 + np.exp(-(self.rows @ weights)))
        return len(self.targets), self.rows.T @ (chances - self.targets)


table = pandas.read_csv(given["path"], engine="pyarrow")
y = table.pop("y").to_numpy(dtype="float32")
x = table.to_numpy(dtype="float32", copy=True)
x -= x.mean(axis=0)
x /= x.std(axis=0)
x = np.hstack([x, np.ones((len(x), 1), dtype="float32")])
ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
shards = zip(np.array_split(x, workers), np.array_split(y, workers))
actors = [Worker.remote(rows, targets) for rows, targets in shards]
weights = np.zeros(x.shape[1], dtype="float32")
penalised = np.append(np.ones(x.shape[1] - 1, dtype="float32"), 0)
for row in delays:
    replies = [actor.gradient.remote(weights, ms) for actor, ms in zip(actors, row)]
    ready, _ = ray.wait(replies, num_returns=quorum)
    found = ray.get(ready)
    mean = sum(gradient for _, gradient in found) / sum(count for count, _ in found)
    weights = (weights - step * (mean + l2 * penalised * weights)).astype("float32")
scores = x @ weights
loss = np.logaddexp(0, -np.where(y > 0, 1, -1) * scores).mean()
objective = float(loss + l2 / 2 * (penalised * weights) @ weights)
print(json.dumps({"version": f"ray {ray.__version__}", "objective": objective, "rows": len(y)}))
