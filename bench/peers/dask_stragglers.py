"""Rounds over Dask workers, one process a worker: the same delays, waiting for all."""
import json
import sys
import time

import distributed
import numpy as np
from distributed import Client, LocalCluster


def gradient(weights, delay_ms, _round):
    time.sleep(delay_ms / 1000)
    return weights * 2


if __name__ == "__main__":
    given = json.load(sys.stdin)
    delays, entries = given["delaysMs"], given["entries"]
    workers = len(delays[0])
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    client = Client(cluster)
    names = list(client.scheduler_info(n_workers=-1)["workers"])
    weights = np.zeros(entries, dtype=np.float32)

    def ask(row, index):
        return [
            client.submit(gradient, weights, ms, index, workers=[name], pure=False)
            for name, ms in zip(names, row)
        ]

    client.gather(ask([0] * workers, -1))
    begun = time.perf_counter()
    for index, row in enumerate(delays):
        sum(client.gather(ask(row, index)))
    seconds = time.perf_counter() - begun
    client.close()
    cluster.close()
    print(json.dumps({"version": distributed.__version__, "allSeconds": seconds}))
