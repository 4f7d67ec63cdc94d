"""Private steps of 784-128-10 in torch with Opacus, one thread: `opacus_steps.py FOLDER`.

FOLDER/case.json gives the batch, the rate, the clip and the noise over the clip; start.bin has the
weights, rows.bin and targets.bin the rows of all steps, as float32. For every line on standard
input, `plain`, `unnoised` or `private`, it takes all steps from the starting weights and prints
what that took, and every step's mean loss. Private steps clip by Opacus' ghost clipping.
"""
import json
import sys
import time
import warnings
from os.path import join

import numpy as np
import opacus
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
folder = sys.argv[1]
with open(join(folder, "case.json"), encoding="utf-8") as file:
    case = json.load(file)
batch, columns = case["batch"], case["columns"]
read = lambda name: np.fromfile(join(folder, name), dtype="<f4")
flat = torch.from_numpy(read("start.bin"))
rows = torch.from_numpy(read("rows.bin")).view(-1, batch, columns)
targets = torch.from_numpy(read("targets.bin")).long().view(-1, batch)


def network():
    """kofn keeps a layer's weights as [inputs, units], torch as [units, inputs]."""
    hidden, last = nn.Linear(columns, 128), nn.Linear(128, 10)
    at = 0
    with torch.no_grad():
        for layer in (hidden, last):
            inputs, units = layer.in_features, layer.out_features
            layer.weight.copy_(flat[at : at + inputs * units].view(inputs, units).t())
            at += inputs * units
            layer.bias.copy_(flat[at : at + units])
            at += units
    return nn.Sequential(hidden, nn.ReLU(), last)


def prepared(what):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=case["rate"])
    criterion = nn.CrossEntropyLoss(reduction="mean")
    if what == "plain":
        return model, optimizer, criterion
    noise = case["noise"] / case["clip"] if what == "private" else 0.0
    loader = DataLoader(TensorDataset(rows[0], targets[0]), batch_size=batch)
    model, optimizer, criterion, _ = opacus.PrivacyEngine().make_private(
        module=model,
        optimizer=optimizer,
        data_loader=loader,
        criterion=criterion,
        noise_multiplier=noise,
        max_grad_norm=case["clip"],
        poisson_sampling=False,
        grad_sample_mode="ghost",
    )
    return model, optimizer, criterion


def steps(model, optimizer, criterion):
    losses = []
    for x, y in zip(rows, targets):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


version = f"torch {torch.__version__}, Opacus {opacus.__version__}"
print(json.dumps({"version": version}), flush=True)
for line in sys.stdin:
    ready = prepared(line.strip())
    begun, processor = time.perf_counter(), time.process_time()
    losses = steps(*ready)
    taken, processor = time.perf_counter() - begun, time.process_time() - processor
    told = {"ms": 1000 * taken, "processorMs": 1000 * processor, "losses": losses}
    print(json.dumps(told), flush=True)
