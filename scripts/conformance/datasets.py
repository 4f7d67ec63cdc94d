"""Splits data files that ship inside packages, and fits scikit-learn's models to the same rows.

    datasets.py split SITE FOLDER      one line of JSON a data set; NAME.train.csv and NAME.test.csv
    datasets.py fit                    reads a JSON object on standard input, prints its metrics
"""

import gzip
import io
import json
import random
import sys
import zipfile
from pathlib import Path

# name, package, file, licence, target, whether the first line has names
SETS = [
    ("iris", "plotly", "plotly/package_data/datasets/iris.csv.gz", "MIT", "species", True),
    ("tips", "plotly", "plotly/package_data/datasets/tips.csv.gz", "MIT", "tip", True),
    ("gapminder", "plotly", "plotly/package_data/datasets/gapminder.csv.gz", "MIT", "lifeExp", True),
    ("autompg", "mlxtend", "mlxtend/data/data/autompg.csv.gz", "BSD-3-Clause", "column8", False),
    ("wine", "mlxtend", "mlxtend/data/data/wine.csv", "BSD-3-Clause", "column13", False),
    ("penguins", "palmerpenguins", "palmerpenguins/data/penguins.csv", "MIT", "species", True),
    ("phishing", "river", "river/datasets/phishing.csv.gz", "BSD-3-Clause", "is_phishing", True),
    ("chicks", "river", "river/datasets/chick-weights.csv", "BSD-3-Clause", "weight", True),
    ("segment", "river", "river/datasets/segment.csv.zip", "BSD-3-Clause", "category", True),
    ("rossi", "lifelines", "lifelines/datasets/rossi.csv", "MIT", "arrest", True),
    ("gbsg2", "lifelines", "lifelines/datasets/gbsg2.csv", "MIT", "cens", True),
    ("fair", "statsmodels", "statsmodels/datasets/fair/fair.csv", "BSD-3-Clause", "affairs", True),
    ("weather", "vega_datasets", "vega_datasets/_data/seattle-weather.csv", "MIT", "weather", True),
]


def text_of(path):
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0]).decode()
    return path.read_text()


def split(site, folder):
    for name, package, file, licence, target, has_names in SETS:
        lines = text_of(Path(site) / file).splitlines()
        head, rows = (lines[:1], lines[1:]) if has_names else ([], lines)
        random.Random(1).shuffle(rows)
        cut = len(rows) // 5
        for side, part in (("test", rows[:cut]), ("train", rows[cut:])):
            (Path(folder) / f"{name}.{side}.csv").write_text("\n".join(head + part) + "\n")
        print(json.dumps(dict(name=name, package=package, licence=licence, target=target)))


def features(train, test, drop):
    """Numbers scaled and filled by their mean, dates as days, words a column each."""
    import numpy as np
    import pandas as pd

    sides = [[], []]
    for column in train.columns:
        if column in drop:
            continue
        both = [train[column], test[column]]
        numbers = [pd.to_numeric(side, errors="coerce") for side in both]
        dates = [pd.to_datetime(side, errors="coerce", format="%Y/%m/%d") for side in both]
        if numbers[0].isna().sum() == train[column].isna().sum():
            values = numbers
        elif dates[0].notna().all():
            values = [(side - pd.Timestamp(0)) / pd.Timedelta(days=1) for side in dates]
        else:
            levels = sorted(train[column].dropna().unique())
            usual = train[column].mode().iloc[0]
            for level in levels:
                for side, cells in zip(sides, both):
                    side.append((cells.fillna(usual) == level).to_numpy(float))
            continue
        mean, deviation = values[0].mean(), values[0].fillna(values[0].mean()).std(ddof=0)
        present = values[0].dropna().std(ddof=0)
        for side, cells in zip(sides, values):
            side.append(((cells.fillna(mean) - mean) / (present or 1)).to_numpy(float))
    return [np.column_stack(side) for side in sides]


def fit(asked):
    import pandas as pd
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

    missing = ["", "NA", "N/A", "NaN", "null", "?"]
    how = dict(dtype=str, keep_default_na=False, na_values=missing)
    frames = [
        pd.read_csv(asked[side], header=0 if asked["hasNames"] else None, **how)
        for side in ("train", "test")
    ]
    for frame in frames:
        if not asked["hasNames"]:
            frame.columns = [f"column{i}" for i in range(frame.shape[1])]
    train, test = frames
    target = asked["target"]
    own = [target, *asked["drop"]]
    X, Xt = features(train.drop(columns=target), test.drop(columns=target), own)
    y, yt = train[target], test[target]
    if asked["problem"] == "ridge":
        model = Ridge(alpha=asked["l2"] * len(y), solver="cholesky").fit(X, y.astype(float))
        return {"r2": r2_score(yt.astype(float), model.predict(Xt))}
    C = 1 / (asked["l2"] * len(y))
    model = LogisticRegression(C=C, tol=1e-9, max_iter=20_000).fit(X, y)
    chances = model.predict_proba(Xt)
    metrics = {
        "accuracy": accuracy_score(yt, model.predict(Xt)),
        "logloss": log_loss(yt, chances, labels=model.classes_),
    }
    if asked["problem"] == "logistic":
        metrics["auc"] = roc_auc_score(yt == model.classes_[1], chances[:, 1])
    return metrics


if sys.argv[1] == "split":
    split(*sys.argv[2:])
else:
    print(json.dumps(fit(json.load(sys.stdin))))
