"""Passes over the rows that scikit-learn's Lasso and ElasticNet take to 1e-6 of the optimum.

Writes each data set as CSV into the folder that is given, and prints what was found as JSON.
"""

import json
import sys

import numpy as np
from sklearn import datasets
from sklearn.linear_model import ElasticNet
from statsmodels.datasets import copper, longley, scotland


def data_sets():
    for module in (longley, copper, scotland):
        loaded = module.load()
        name = module.__name__.split(".")[2]
        yield name, np.asarray(loaded.exog, float), np.asarray(loaded.endog, float)
    loaded = datasets.load_diabetes(scaled=False)
    yield "diabetes", loaded.data, loaded.target
    random = np.random.default_rng(3)
    for name, rows, columns, common in (("collinear", 200, 30, 0.999), ("wide", 80, 150, 0.95)):
        base = random.normal(size=(rows, 1))
        own = random.normal(size=(rows, columns))
        x = np.sqrt(common) * base + np.sqrt(1 - common) * own
        truth = np.zeros(columns)
        truth[::3] = random.normal(size=len(truth[::3]))
        yield name, x, x @ truth + 0.5 * random.normal(size=rows)


def fitted(z, c, l1, l2, tol, passes):
    """scikit-learn's own penalty is alpha (ratio |w| + (1 - ratio) |w|^2 / 2)."""
    alpha = l1 + l2
    model = ElasticNet(alpha=alpha, l1_ratio=l1 / alpha, tol=tol, max_iter=passes)
    return model.fit(z, c).coef_


def passes_of(z, c, l1, l2):
    def objective(w):
        squares = 0.5 * np.mean((c - z @ w) ** 2)
        return squares + l1 * np.abs(w).sum() + 0.5 * l2 * (w**2).sum()

    best = objective(fitted(z, c, l1, l2, 1e-15, 10**6))

    def is_near(passes):
        return objective(fitted(z, c, l1, l2, 0, passes)) <= best * (1 + 1e-6)

    low, high = 0, 1
    while not is_near(high):
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_near(middle) else (middle, high)
    return best, high


found = []
for name, x, y in data_sets():
    header = ",".join([*(f"x{j}" for j in range(x.shape[1])), "y"])
    with open(f"{sys.argv[1]}/{name}.csv", "w", encoding="utf-8") as file:
        file.write(header + "\n")
        for row, target in zip(x, y):
            file.write(",".join(repr(float(value)) for value in [*row, target]) + "\n")
    z = (x - x.mean(0)) / x.std(0)
    c = y - y.mean()
    top = np.abs(z.T @ c).max() / len(y)
    for share in (0.1, 0.01):
        l1 = float(f"{share * top:.6g}")
        for l2 in (0.0, 0.001):
            best, passes = passes_of(z, c, l1, l2)
            found.append({"data": name, "l1": l1, "l2": l2, "objective": best, "passes": passes})
print(json.dumps(found))
