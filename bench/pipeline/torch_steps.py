"""Steps of torch's pipeline schedules over gloo processes whose stages sleep: JSON lines.

Arguments: forward ms, backward ms, steps, and for each setting STAGESxMICROBATCHES.
"""

import json
import os
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.pipelining import PipelineStage, Schedule1F1B, ScheduleGPipe


class Slept(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, forward_s, backward_s):
        ctx.backward_s = backward_s
        time.sleep(forward_s)
        return x * 1

    @staticmethod
    def backward(ctx, slopes):
        time.sleep(ctx.backward_s)
        return slopes, None, None


class Stage(torch.nn.Module):
    def __init__(self, forward_s, backward_s):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4))
        self.times = (forward_s, backward_s)

    def forward(self, x):
        return Slept.apply(x * self.weight, *self.times)


def worker(rank, stages, microbatches, times, steps, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=stages)
    loss = lambda made, wanted: ((made - wanted) ** 2).mean()
    for schedule in (ScheduleGPipe, Schedule1F1B):
        stage = PipelineStage(Stage(*times), rank, stages, torch.device("cpu"))
        runs = schedule(stage, microbatches, loss_fn=loss)
        x = torch.ones(microbatches * 2, 4)
        took = []
        for _ in range(steps + 1):
            dist.barrier()
            start = time.perf_counter()
            if rank == 0:
                runs.step(x)
            elif rank == stages - 1:
                runs.step(target=x, losses=[])
            else:
                runs.step()
            dist.barrier()
            took.append(1000 * (time.perf_counter() - start))
        if rank == 0:
            median = sorted(took[1:])[len(took[1:]) // 2]
            name = "GPipe" if schedule is ScheduleGPipe else "1F1B"
            about = {"torch": torch.__version__, "schedule": name, "stages": stages, "microbatches": microbatches}
            print(json.dumps({**about, "makespanMs": median}), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    forward_ms, backward_ms, steps, *settings = sys.argv[1:]
    times = (float(forward_ms) / 1000, float(backward_ms) / 1000)
    for i, setting in enumerate(settings):
        stages, microbatches = map(int, setting.split("x"))
        port = 20_000 + os.getpid() % 20_000 + i
        of = (stages, microbatches, times, int(steps), port)
        # Forked: each process would else import torch for itself, which takes longer than the steps.
        mp.start_processes(worker, of, nprocs=stages, start_method="fork")
