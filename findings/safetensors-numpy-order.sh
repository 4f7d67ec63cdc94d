#!/usr/bin/env bash
# safetensors.numpy writes the bytes of an array as they lie in memory, under the shape in row-major order.
# A transposed or a Fortran-ordered array therefore comes back with its values at other places, and neither
# side raises: w.T of a layer, and much that comes from scipy.linalg or from a column-major file, is stored
# wrong. The docstring of save_file asks for contiguous, dense tensors, but nothing checks it here.
# Pass np.ascontiguousarray(w).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
"$dir/venv/bin/python" - <<'PY'
import sys

import numpy as np
import safetensors
from safetensors.numpy import load, save

print("safetensors", safetensors.__version__, "numpy", np.__version__)
w = np.arange(6.0).reshape(2, 3)
stored = {"row-major": w, "Fortran order": np.asfortranarray(w), "transposed": w.T}
back = load(save(stored))
for name, array in stored.items():
    print(name, "saved", array.tolist(), "loaded", back[name].tolist())
same = (
    np.array_equal(back["row-major"], w)
    and back["Fortran order"].tolist() == [[0, 3, 1], [4, 2, 5]]
    and back["transposed"].tolist() == [[0, 1], [2, 3], [4, 5]]
    and np.array_equal(load(save({"w": np.ascontiguousarray(w.T)}))["w"], w.T)
)
print("as described" if same else "the behaviour changed")
sys.exit(0 if same else 1)
PY
