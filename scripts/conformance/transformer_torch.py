"""The Transformer of kofn in torch: `transformer_torch.py FOLDER`.

FOLDER/case.json has sizes, schedule and the batches of every step as token numbers, each with its
factor a row, and the starting weights by name in FOLDER/start.bin as float32. Trains by Adam on the
same batches in the same order and prints one JSON object: losses of all steps, the first gradient's
tensors written to FOLDER/gradient.bin, and the final weights to FOLDER/end.bin.
"""

import json
import math
import sys
from os.path import join

import numpy as np
import torch
import torch.nn.functional as F


def main(folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    with open(join(folder, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    sizes, schedule = case["sizes"], case["schedule"]
    flat = np.fromfile(join(folder, "start.bin"), dtype="<f4")
    weights = {}
    at = 0
    for piece in case["pieces"]:
        length = math.prod(piece["shape"])
        tensor = torch.tensor(flat[at : at + length].reshape(piece["shape"]))
        weights[piece["name"]] = tensor.requires_grad_()
        at += length
    optimizer = torch.optim.Adam(weights.values(), lr=1.0, betas=(0.9, schedule["beta2"]), eps=1e-9)
    losses = []
    for step, batches in enumerate(case["steps"]):
        n, warm = step + 1, schedule["warmUp"]
        rate = schedule["rate"] * min(n / warm, math.sqrt(warm / n))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = sum(
            batch["times"] * loss_of(weights, sizes, batch, case["labelSmoothing"])
            for batch in batches
        )
        loss.backward()
        if step == 0:
            save(folder, "gradient.bin", [one.grad for one in weights.values()])
        optimizer.step()
        losses.append(loss.item())
    save(folder, "end.bin", weights.values())
    print(json.dumps({"version": torch.__version__, "losses": losses}))


def save(folder, name, tensors):
    flat = [one.detach().numpy().astype("<f4").ravel() for one in tensors]
    np.concatenate(flat).tofile(join(folder, name))


def loss_of(weights, sizes, batch, smoothing):
    """The mean loss that torch's own cross_entropy gives, times tokens, a row's by its factor."""
    source = torch.tensor(batch["source"])
    told = torch.tensor(batch["told"])
    expected = torch.tensor(batch["expected"])
    factors = torch.tensor(batch["factors"], dtype=torch.float32)
    scores = transformer(weights, sizes, source, told)
    each = F.cross_entropy(
        scores.flatten(0, 1),
        expected.flatten(),
        ignore_index=0,
        label_smoothing=smoothing,
        reduction="none",
    )
    return (each.view(expected.shape) * factors[:, None]).sum()


def transformer(weights, sizes, source, told):
    width, heads = sizes["width"], sizes["heads"]
    table = weights["embedding/table"]

    def embedded(numbers):
        return table[numbers] * math.sqrt(width) + waves(numbers.shape[1], width)

    def norm(name, x):
        gain, shift = weights[f"{name}_norm/gamma"], weights[f"{name}_norm/beta"]
        return F.layer_norm(x, (width,), gain, shift, eps=1e-6)

    def attention(name, asking, asked, numbers, causal=False):
        def split(x):
            return x.view(*x.shape[:2], heads, width // heads).transpose(1, 2)

        keys, values = (asked @ weights[f"{name}/joint"]).chunk(2, dim=-1)
        seen = (numbers != 0)[:, None, None, :]
        if causal:
            side = numbers.shape[1]
            seen = seen & torch.ones(side, side, dtype=torch.bool).tril()
        mixed = F.scaled_dot_product_attention(
            split(asking @ weights[f"{name}/query"]), split(keys), split(values), attn_mask=seen
        )
        joined = mixed.transpose(1, 2).reshape(asking.shape)
        return norm(name, asking + joined @ weights[f"{name}/output"])

    def forward(name, x):
        wide = F.relu(x @ weights[f"{name}_in/kernel"] + weights[f"{name}_in/bias"])
        return norm(name, x + wide @ weights[f"{name}_out/kernel"] + weights[f"{name}_out/bias"])

    memory = embedded(source)
    for at in range(sizes["layers"]):
        memory = attention(f"encoder_{at}_attention", memory, memory, source)
        memory = forward(f"encoder_{at}_forward", memory)
    x = embedded(told)
    for at in range(sizes["layers"]):
        x = attention(f"decoder_{at}_attention", x, x, told, causal=True)
        x = attention(f"decoder_{at}_memory", x, memory, source)
        x = forward(f"decoder_{at}_forward", x)
    return x @ table.T


def waves(positions, width):
    at = torch.arange(positions, dtype=torch.float64)[:, None]
    pairs = torch.arange(0, width, 2, dtype=torch.float64)[None, :]
    angles = at / 10_000 ** (pairs / width)
    out = torch.zeros(positions, width, dtype=torch.float64)
    out[:, 0::2], out[:, 1::2] = angles.sin(), angles.cos()
    return out.float()


main(sys.argv[1])
