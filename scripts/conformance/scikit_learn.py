"""The optima of scikit-learn on data sets that ship with it, raw: `scikit_learn.py FOLDER`.

Writes each data set as FOLDER/NAME.csv and prints one JSON object: its version, and for each
problem the objective that kofn minimises and the metric, at scikit-learn's optimum.
"""

import json
import sys

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC

L2 = 0.001


def main(folder):
    found = []
    for name, load in LOADS.items():
        data = load()
        x, y = data.data, data.target
        for name_of, problem, target in problems_of(name, y):
            write(f"{folder}/{name_of}.csv", x, target)
            solved = SOLVERS[problem](x, np.asarray(target))
            found.append({"data": name_of, "problem": problem, "rows": len(x), **solved})
    print(json.dumps({"version": sklearn.__version__, "l2": L2, "found": found}))


LOADS = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast-cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
    "linnerud": datasets.load_linnerud,
}


def problems_of(name, y):
    """Names of files, problems, targets: several classes also as the first against the others."""
    if name == "linnerud":
        y = y[:, 0]
    if name in ("linnerud", "diabetes"):
        yield name, "ridge", [float(value) for value in y]
        # An offset that float32 would not survive.
        yield f"{name}-offset", "ridge", [5500000.25 + 0.001 * float(value) for value in y]
        parts = np.searchsorted(np.quantile(y, [1 / 3, 2 / 3]), y)
        yield f"{name}-three", "softmax", [f"c{value}" for value in parts]
        yield f"{name}-two", "logistic", [f"c{int(value > 0)}" for value in parts]
        yield f"{name}-two", "squared-hinge", [f"c{int(value > 0)}" for value in parts]
        return
    labels = [f"c{value}" for value in y]
    two = [f"c{int(value > 0)}" for value in y]
    if len(set(labels)) > 2:
        yield name, "softmax", labels
    yield f"{name}-two", "logistic", two
    yield f"{name}-two", "squared-hinge", two


def write(path, x, y):
    with open(path, "w") as file:
        file.write(",".join([f"x{j}" for j in range(x.shape[1])] + ["y"]) + "\n")
        for row, target in zip(x, y):
            file.write(",".join([*(repr(float(value)) for value in row), str(target)]) + "\n")


def penalty(weights):
    return L2 / 2 * float((weights**2).sum())


def logistic(x, y):
    model = LogisticRegression(
        C=1 / (len(y) * L2), solver="newton-cholesky", tol=1e-10, max_iter=10000
    ).fit(x, y)
    loss = log_loss(y, model.predict_proba(x), labels=model.classes_)
    return {"metric": model.score(x, y), "objective": loss + penalty(model.coef_)}


def squared_hinge(x, y):
    # Its intercept is penalised as a weight of a feature of 10,000: next to nothing.
    model = LinearSVC(
        C=1 / (2 * len(y) * L2), dual=False, tol=1e-10, max_iter=1000000, intercept_scaling=1e4
    ).fit(x, y)
    margins = np.where(y == model.classes_[1], 1, -1) * model.decision_function(x)
    loss = float((np.maximum(0, 1 - margins) ** 2).mean() / 2)
    return {"metric": model.score(x, y), "objective": loss + penalty(model.coef_)}


def ridge(x, y):
    model = Ridge(alpha=len(y) * L2, solver="svd").fit(x, y)
    loss = float(((y - model.predict(x)) ** 2).mean() / 2)
    return {"metric": model.score(x, y), "objective": loss + penalty(model.coef_)}


SOLVERS = {
    "softmax": logistic,
    "logistic": logistic,
    "squared-hinge": squared_hinge,
    "ridge": ridge,
}

main(sys.argv[1])
