"""Weights at scikit-learn's optima: `scikit_learn_weights.py FOLDER`.

Writes data sets that ship with scikit-learn and statsmodels as FOLDER/NAME.csv, or NAME.libsvm, and
prints one JSON object: versions, and for each problem on them the weights over standardised features
(of sparse rows as they are, or scaled without centring), the intercepts, the metrics that go with them, and the target's
deviation where it is a number.
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from sklearn import datasets, metrics
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.svm import LinearSVC
from statsmodels.datasets import anes96, ccard, copper, engel, fair, longley
from sklearn.utils.class_weight import compute_sample_weight
from statsmodels.datasets import scotland, spector, stackloss

L2 = 0.1
# Of the least l1 that makes all weights zero.
L1_SHARE = 0.1


def main(folder):
    found = []
    for name, x, y in sets():
        is_sparse = name.endswith("-sparse")
        write(folder, name, x, y, is_sparse)
        is_raw = is_sparse and not name.endswith("-scaled-sparse")
        features = x if is_raw else standardized(x, not is_sparse)
        for problem in problems_of(name, y):
            scales = {"scales": x.std(axis=0).tolist()} if is_raw else {}
            found.append({"data": name, **solved(problem, features, y), **scales})
    for name, x, y, counts, class_weight in weighted():
        write(folder, name, x, y, False, counts)
        for problem in problems_of(name, y):
            if problem == "squared-hinge":
                continue
            own = {} if class_weight is None else {"classWeights": class_weight}
            more = {**own, **({} if counts is None else {"rowWeights": "w"})}
            totals = counted(y, counts, class_weight)
            found.append({"data": name, **solved(problem, standardized(x), y, totals), **more})
    versions = {one: version(one) for one in ("scikit-learn", "statsmodels", "numpy")}
    print(json.dumps({"versions": versions, "l2": L2, "found": found}))


def sets():
    """Names, features and targets: labels where those are texts."""
    for name, load in (
        ("iris", datasets.load_iris),
        ("wine", datasets.load_wine),
        ("breast-cancer", datasets.load_breast_cancer),
        ("digits", datasets.load_digits),
    ):
        data = load()
        yield name, data.data, labels(data.target)
        if name in ("iris", "digits"):
            yield f"{name}-numbers", data.data, data.target.astype(float)
    diabetes = datasets.load_diabetes(scaled=False)
    yield "diabetes", diabetes.data, diabetes.target
    linnerud = datasets.load_linnerud()
    yield "linnerud", linnerud.data, linnerud.target[:, 0]
    for module in (longley, stackloss, fair, copper, scotland, ccard, engel):
        data = module.load()
        name = module.__name__.split(".")[2]
        x, y = np.asarray(data.exog, float), np.asarray(data.endog, float)
        # 6,366 rows say no more than 1,000 do.
        yield name, x[:1000], y[:1000]
    for module in (spector, anes96):
        data = module.load()
        name = module.__name__.split(".")[2]
        yield name, np.asarray(data.exog, float), labels(np.asarray(data.endog, int))
    for offset in (5500000.25, 1e9, 1e12):
        name = f"diabetes+{offset:g}" if offset >= 1e9 else "diabetes+5.5e6"
        yield name, diabetes.data, diabetes.target + offset
    x, y = datasets.load_digits(return_X_y=True)
    yield "digits-sparse", x / 16, labels(y)
    yield "digits-two-sparse", x / 16, labels(y > 4)
    yield "digits-numbers-sparse", x / 16, y.astype(float)
    yield "digits-two-scaled-sparse", x / 16, labels(y > 4)
    yield "digits-numbers-scaled-sparse", x / 16, y.astype(float)


def weighted():
    """Names, features, targets, what rows count (or None), and what classes do (or None)."""
    rng = np.random.default_rng(3)
    for name, load in (("breast-cancer", datasets.load_breast_cancer), ("wine", datasets.load_wine)):
        data = load()
        counts = rng.integers(0, 9, len(data.target)) / 4
        yield f"{name}-counted", data.data, labels(data.target), counts, None
        yield f"{name}-balanced", data.data, labels(data.target), None, "balanced"
    diabetes = datasets.load_diabetes(scaled=False)
    counts = rng.integers(0, 9, len(diabetes.target)) / 4
    yield "diabetes-counted", diabetes.data, diabetes.target, counts, None


def counted(y, counts, class_weight):
    """What every row counts in all."""
    rows = np.ones(len(y)) if counts is None else counts
    return rows if class_weight is None else rows * compute_sample_weight(class_weight, y)


def labels(values):
    return np.array([f"c{int(value)}" for value in values])


def problems_of(name, y):
    if y.dtype.kind == "f":
        return ["ridge"] if "+" in name else ["ridge", "lasso", "elastic-net"]
    return ["softmax"] if len(set(y)) > 2 else ["logistic", "squared-hinge"]


def write(folder, name, x, y, is_sparse, counts=None):
    with open(f"{folder}/{name}.{'libsvm' if is_sparse else 'csv'}", "w") as file:
        if is_sparse:
            for row, target in zip(x, y):
                number = target if y.dtype.kind == "f" else int(target[1:])
                entries = (f"{j + 1}:{float(row[j])!r}" for j in np.flatnonzero(row))
                file.write(" ".join([str(number), *entries]) + "\n")
            return
        extra = [] if counts is None else ["w"]
        file.write(",".join([f"x{j}" for j in range(x.shape[1])] + extra + ["y"]) + "\n")
        for i, (row, target) in enumerate(zip(x, y)):
            more = [] if counts is None else [repr(float(counts[i]))]
            file.write(",".join([*(repr(float(value)) for value in row), *more, str(target)]) + "\n")


def standardized(x, centred=True):
    deviations = x.std(axis=0)
    return (x - centred * x.mean(axis=0)) / np.where(deviations > 0, deviations, 1)


def solved(problem, x, y, counts=None):
    counts = np.ones(len(y)) if counts is None else counts
    if problem in ("ridge", "lasso", "elastic-net"):
        return regression(problem, x, y, counts)
    if problem == "squared-hinge":
        return hinge(x, y)
    # A feature that is 0 everywhere has a Hessian of the penalty alone.
    model = LogisticRegression(
        C=1 / (counts.sum() * L2), solver="newton-cholesky", tol=1e-12, max_iter=10000
    ).fit(x, y, sample_weight=counts)
    chances = model.predict_proba(x)
    told = {
        "accuracy": model.score(x, y),
        "logloss": metrics.log_loss(y, chances, labels=model.classes_),
    }
    if problem == "logistic":
        told["auc"] = metrics.roc_auc_score(y, chances[:, 1])
    return result(problem, model.coef_, model.intercept_, told)


def regression(problem, x, y, counts):
    # What is taken from the target is given to the intercept: doubles end after 16 digits.
    mean = y.mean()
    centred = y - mean
    top = np.abs((x - x.mean(axis=0)).T @ centred).max() / len(y)
    l1 = float(f"{L1_SHARE * top:.6g}")
    settings = {"tol": 1e-15, "max_iter": 10_000_000}
    if problem == "ridge":
        model = Ridge(alpha=counts.sum() * L2, solver="svd")
    elif problem == "lasso":
        model = Lasso(alpha=l1, **settings)
    else:
        model = ElasticNet(alpha=l1 + L2, l1_ratio=l1 / (l1 + L2), **settings)
    model.fit(x, centred, sample_weight=counts)
    predicted = model.predict(x)
    told = {
        "r2": metrics.r2_score(centred, predicted),
        "rmse": metrics.root_mean_squared_error(centred, predicted),
        "mae": metrics.mean_absolute_error(centred, predicted),
    }
    more = {} if problem == "ridge" else {"l1": l1, "passes": int(model.n_iter_)}
    more["deviation"] = y.std()
    return {**result(problem, [model.coef_], [model.intercept_ + mean], told), **more}


def hinge(x, y):
    """LinearSVC's optimum but for its intercept, which it penalises; Newton's steps free it."""
    model = LinearSVC(
        C=1 / (2 * len(y) * L2), dual=False, tol=1e-10, max_iter=1000000, intercept_scaling=1e3
    ).fit(x, y)
    signs = np.where(y == model.classes_[1], 1.0, -1.0)
    ones = np.column_stack([x, np.ones(len(y))])
    w = np.append(model.coef_[0], model.intercept_)
    start = w.copy()
    ridge = np.append(np.full(x.shape[1], L2), 0)
    for _ in range(100):
        margins = signs * (ones @ w)
        inside = ones[margins < 1]
        slope = -ones.T @ (signs * np.maximum(0, 1 - margins)) / len(y) + ridge * w
        step = np.linalg.solve(inside.T @ inside / len(y) + np.diag(ridge), slope)
        w -= step
        if np.abs(step).max() < 1e-14:
            break
    assert np.abs(w - start).max() < 1e-3 * np.abs(w).max(), "far from LinearSVC's"
    scores = ones @ w
    told = {
        "accuracy": float(((scores > 0) == (signs > 0)).mean()),
        "auc": metrics.roc_auc_score(y, scores),
    }
    return result("squared-hinge", [w[:-1]], w[-1:], told)


def result(problem, weights, intercepts, told):
    return {
        "problem": problem,
        "weights": np.asarray(weights).tolist(),
        "intercepts": np.asarray(intercepts).tolist(),
        "metrics": told,
    }


main(sys.argv[1])
