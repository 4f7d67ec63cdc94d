"""A whole command of scikit-learn: read a file, scale, fit, evaluate, keep the model.

`sklearn_whole.py` with {"path", "problem", "l1", "l2", "model"} on standard input; prints the
objective that kofn minimises, and the versions.
"""
import json
import sys

import numpy as np
import sklearn

given = json.load(sys.stdin)
problem, l1, l2 = given["problem"], given["l1"], given["l2"]


def rows_of(path):
    if path.endswith(".libsvm"):
        from sklearn.datasets import load_svmlight_file

        x, y = load_svmlight_file(path)
        return x, y, "scipy"
    import pandas

    table = pandas.read_csv(path, engine="pyarrow")
    y = table.pop("y").to_numpy()
    x = table.to_numpy(dtype="float64", copy=True)
    x -= x.mean(axis=0)
    x /= x.std(axis=0)
    return x, y, f"pandas {pandas.__version__}"


def fitted(x, y):
    from sklearn import linear_model

    count = len(y)
    if problem == "ridge":
        return linear_model.Ridge(alpha=count * l2).fit(x, y)
    if problem == "lasso":
        return linear_model.Lasso(alpha=l1, tol=1e-5, precompute=True).fit(x, y)
    solver = "lbfgs" if given["sparse"] else "newton-cholesky"
    model = linear_model.LogisticRegression(C=1 / (count * l2), solver=solver, tol=given["tol"])
    return model.set_params(max_iter=1000).fit(x, y)


def objective(model, x, y):
    weights = model.coef_.ravel()
    scores = (x @ weights) + model.intercept_
    if problem == "logistic":
        signs = np.where(y == model.classes_[1], 1.0, -1.0)
        loss = np.logaddexp(0, -signs * scores).mean()
    else:
        loss = ((y - scores) ** 2).mean() / 2
    return float(loss + l1 * np.abs(weights).sum() + l2 / 2 * (weights @ weights))


x, y, reader = rows_of(given["path"])
model = fitted(x, y)
np.savez(given["model"], coef=model.coef_, intercept=model.intercept_)
version = f"scikit-learn {sklearn.__version__}, {reader}"
print(json.dumps({"version": version, "objective": objective(model, x, y), "rows": len(y)}))
