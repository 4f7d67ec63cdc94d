"""Small networks of kofn in torch: `networks_torch.py FOLDER`.

FOLDER/case.json names the network, its optimizer and the batches of every step, each batch with its
rows, targets and how many times it counts; FOLDER/start.bin has the starting weights by name as
float32. Prints one JSON object: torch's version, and the losses of all steps in double and in single
precision.
"""

import json
import math
import sys
from os.path import join

import numpy as np
import torch
import torch.nn.functional as F


def main(folder):
    torch.set_num_threads(1)
    with open(join(folder, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    told = {"version": torch.__version__}
    for name, dtype in (("double", torch.float64), ("single", torch.float32)):
        told[name] = trained(case, weights_of(folder, case, dtype), dtype)
    print(json.dumps(told))


def weights_of(folder, case, dtype):
    flat = np.fromfile(join(folder, "start.bin"), dtype="<f4")
    weights = {}
    at = 0
    for piece in case["pieces"]:
        length = math.prod(piece["shape"])
        values = torch.tensor(flat[at : at + length].reshape(piece["shape"])).to(dtype)
        weights[piece["name"]] = values.requires_grad_()
        at += length
    return weights


def trained(case, weights, dtype):
    optimizer = OPTIMIZERS[case["optimizer"]["type"]](weights.values(), case["optimizer"])
    rates = rates_of(optimizer, case["optimizer"])
    network = NETWORKS[case["network"]]
    losses = []
    for batches in case["steps"]:
        optimizer.zero_grad()
        loss = sum(
            batch["times"] * loss_of(network, weights, batch, dtype, case["tokens"])
            for batch in batches
        )
        loss.backward()
        optimizer.step()
        rates.step()
        losses.append(loss.item())
    return losses


OPTIMIZERS = {
    "sgd": lambda weights, of: torch.optim.SGD(
        weights, lr=of["learningRate"], momentum=of["momentum"]
    ),
    "adam": lambda weights, of: torch.optim.Adam(
        weights, lr=of["learningRate"], betas=(of["beta1"], of["beta2"]), eps=of["epsilon"]
    ),
    # A decay so large that its momentum is beta1 from the first step on.
    "nadamw": lambda weights, of: torch.optim.NAdam(
        weights,
        lr=of["learningRate"],
        betas=(of["beta1"], of["beta2"]),
        eps=of["epsilon"],
        momentum_decay=1e9,
        weight_decay=of["weightDecay"],
        decoupled_weight_decay=True,
    ),
}


def rates_of(optimizer, of):
    """How the learning rate goes on: constant, or a linear warm-up and a cosine down to 0."""
    schedule = of.get("schedule")
    if schedule is None:
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1)
    first = schedule["warmUp"]
    rising = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / first, total_iters=first - 1)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, schedule["steps"] - first)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [rising, falling], [first])


def loss_of(network, weights, batch, dtype, tokens):
    """The sum over the rows; where a network tells every position's next token, their mean."""
    rows = torch.tensor(batch["rows"], dtype=torch.int64 if tokens else dtype)
    targets = torch.tensor(batch["targets"])
    scores = network(weights, rows)
    if scores.ndim == 2:
        return F.cross_entropy(scores, targets, reduction="sum")
    expected = torch.cat([rows[:, 1:], targets[:, None]], dim=1)
    sums = F.cross_entropy(scores.flatten(0, 1), expected.flatten(), reduction="sum")
    return sums / rows.shape[1]


def dense(w, name, x):
    return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]


def convolution(w, x):
    def conv(name, x, **more):
        return F.conv2d(x, w[f"{name}/kernel"].permute(3, 2, 0, 1), w[f"{name}/bias"], **more)

    x = x.view(-1, 8, 8, 1).permute(0, 3, 1, 2)
    x = F.max_pool2d(F.relu(conv("one", x, padding=1)), 2)
    kernel = w["two/depthwise_kernel"].permute(2, 3, 0, 1)
    depth = kernel.reshape(-1, 1, *kernel.shape[2:])
    x = torch.tanh(F.conv2d(x, depth, w["two/bias"], padding=1, groups=x.shape[1]))
    x = F.max_pool2d(x, 2, stride=1)
    x = torch.tanh(conv("three", x))
    return dense(w, "last", x.permute(0, 2, 3, 1).flatten(1))


def lstm(w, x):
    x = w["table/embeddings"][x]
    for name in ("one", "two"):
        kernel, again = w[f"{name}/kernel"], w[f"{name}/recurrent_kernel"]
        # torch's own layer: its gates stand in the same order, i, f, c, o.
        flat = [kernel.T, again.T, w[f"{name}/bias"], torch.zeros_like(w[f"{name}/bias"])]
        none = x.new_zeros(1, x.shape[0], again.shape[0])
        x, _, _ = torch.lstm(x, (none, none), flat, True, 1, 0.0, True, False, True)
    return dense(w, "last", x[:, -1])


def gru(w, x):
    x = w["table/embeddings"][x]
    kernel, again, bias = w["one/kernel"], w["one/recurrent_kernel"], w["one/bias"]
    units = again.shape[0]
    h = x.new_zeros(x.shape[0], units)

    def hard(x):
        return (0.2 * x + 0.5).clamp(0, 1)

    for step in range(x.shape[1]):
        z, r, new = (x[:, step] @ kernel + bias).split(units, dim=1)
        z = hard(z + h @ again[:, :units])
        r = hard(r + h @ again[:, units : 2 * units])
        new = torch.tanh(new + (r * h) @ again[:, 2 * units :])
        h = z * h + (1 - z) * new
    return dense(w, "last", h)


def embedding(w, x):
    x = w["table/embeddings"][x].mean(dim=1)
    return dense(w, "last", F.relu(dense(w, "hidden", x)))


def attention(w, x):
    width, heads = 16, 2

    def norm(name, x):
        return F.layer_norm(x, (width,), w[f"{name}/gamma"], w[f"{name}/beta"], eps=1e-3)

    x = w["table/embeddings"][x] + w["places/table"]
    normal = norm("before", x)
    split = (normal @ w["attention/joint"]).view(*x.shape[:2], 3, heads, width // heads)
    q, k, v = split.permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + mixed.transpose(1, 2).reshape(x.shape) @ w["attention/output"]
    x = x + dense(w, "narrow", F.relu(dense(w, "wide", norm("between", x))))
    return dense(w, "last", norm("behind", x))


NETWORKS = {one.__name__: one for one in (convolution, lstm, gru, embedding, attention)}

main(sys.argv[1])
