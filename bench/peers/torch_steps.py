"""Steps of three networks in torch, one thread: `torch_steps.py FOLDER`.

FOLDER/case.json says which network, the batch and the rate; start.bin has the weights, rows.bin and
targets.bin the rows of all steps, as float32. For every line on standard input it takes all steps
from the starting weights and prints what that took, and every step's mean loss.
"""
import json
import math
import sys
import time
from os.path import join

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
folder = sys.argv[1]
with open(join(folder, "case.json"), encoding="utf-8") as file:
    case = json.load(file)
flat = np.fromfile(join(folder, "start.bin"), dtype="<f4")
batch, rate = case["batch"], case["rate"]
rows = torch.from_numpy(np.fromfile(join(folder, "rows.bin"), dtype="<f4"))
targets = torch.from_numpy(np.fromfile(join(folder, "targets.bin"), dtype="<f4")).long()
rows = rows.view(-1, batch, case["columns"])
targets = targets.view(-1, batch)
tokens = case["network"] == "transformer"
if tokens:
    rows = rows.long()


def weights():
    found, at = {}, 0
    for piece in case["pieces"]:
        length = math.prod(piece["shape"])
        values = torch.from_numpy(flat[at : at + length].copy()).view(piece["shape"])
        found[piece["name"]] = values.requires_grad_()
        at += length
    return found


def dense(w, name, x):
    return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]


def wide(w, x):
    return dense(w, "last", F.relu(dense(w, "hidden", x)))


def convolution(w, x):
    kernel = w["conv/kernel"].permute(3, 2, 0, 1)
    x = F.relu(F.conv2d(x.view(-1, 1, 28, 28), kernel, w["conv/bias"]))
    return dense(w, "last", F.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1))


def transformer(w, x):
    def norm(name, x):
        return F.layer_norm(x, (64,), w[f"{name}/gamma"], w[f"{name}/beta"], eps=1e-3)

    x = F.embedding(x, w["table/embeddings"]) + w["places/table"]
    for block in ("one", "two"):
        joint = norm(f"{block}-before", x) @ w[f"{block}-attention/joint"]
        q, k, v = joint.view(*x.shape[:2], 3, 4, 16).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + mixed.transpose(1, 2).reshape(x.shape) @ w[f"{block}-attention/output"]
        wider = F.relu(dense(w, f"{block}-wide", norm(f"{block}-between", x)))
        x = x + dense(w, f"{block}-narrow", wider)
    return dense(w, "last", norm("behind", x))


def loss_of(network, w, x, y):
    scores = network(w, x)
    if tokens:
        y = torch.cat([x[:, 1:], y[:, None]], dim=1).flatten()
        scores = scores.flatten(0, 1)
    return F.cross_entropy(scores, y)


def steps():
    network = {one.__name__: one for one in (wide, convolution, transformer)}[case["network"]]
    w = weights()
    losses = []
    for x, y in zip(rows, targets):
        for one in w.values():
            one.grad = None
        loss = loss_of(network, w, x, y)
        loss.backward()
        with torch.no_grad():
            for one in w.values():
                one -= rate * one.grad
        losses.append(loss.item())
    return losses


print(json.dumps({"version": f"torch {torch.__version__}"}), flush=True)
for _ in sys.stdin:
    begun, processor = time.perf_counter(), time.process_time()
    losses = steps()
    taken, processor = time.perf_counter() - begun, time.process_time() - processor
    told = {"ms": 1000 * taken, "processorMs": 1000 * processor, "losses": losses}
    print(json.dumps(told), flush=True)
