"""Steps of an embedding of 30,000 x 128 by sparse gradients and plain gradient descent, one thread.

Prints torch's version; then, for each line with a number of steps, the milliseconds of its own time
on a processor that one of them took.
"""

import sys
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(1)
network = torch.nn.Sequential(torch.nn.Embedding(30_000, 128, sparse=True), torch.nn.Linear(128, 1))
table, outward = network
optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
ids = torch.randint(30_000, (256, 8))
targets = torch.randn(256)


def step():
    optimizer.zero_grad()
    outputs = outward(table(ids).mean(1)).squeeze(1)
    ((outputs - targets) ** 2).sum().div(256).backward()
    optimizer.step()


for _ in range(20):
    step()
print(torch.__version__, flush=True)
for line in sys.stdin:
    begun = time.process_time()
    for _ in range(int(line)):
        step()
    print(1000 * (time.process_time() - begun) / int(line), flush=True)
