#!/usr/bin/env bash
# With gradient_accumulation_steps=N a Keras optimizer updates every N-th call, and its `iterations` (and with
# it Adam's bias correction) counts updates, but a learning-rate schedule is asked with the count of calls. A
# warmup or a decay written in updates is over N times too soon: turning accumulation on changes the schedule.
# The docstring of the optimizers says it ("real" iterations), in the last sentence on the argument.
# Multiply the schedule's steps by N.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 jaxlib==0.10.2
KERAS_HOME="$dir" KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$dir/venv/bin/python" - <<'PY'
import sys

import keras
import numpy as np


class StepItself(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 1.0 * step

    def get_config(self):
        return {}


def rates(accumulation):
    """The rate that each update used, and the optimizer's count after it."""
    weight = keras.Variable(np.zeros(1, "float32"))
    optimizer = keras.optimizers.SGD(StepItself(), gradient_accumulation_steps=accumulation)
    optimizer.build([weight])
    used = []
    for call in range(12):
        before = float(np.asarray(weight.value)[0])
        optimizer.apply([np.ones(1, "float32")], [weight])
        if accumulation is None or (call + 1) % accumulation == 0:
            used.append((before - float(np.asarray(weight.value)[0]), int(optimizer.iterations)))
    return used


print("keras", keras.__version__)
plain, accumulated = rates(None)[:3], rates(4)
print("without accumulation: (rate, iterations) of 3 updates:", plain)
print("accumulation over 4:  (rate, iterations) of 3 updates:", accumulated)
same = plain == [(0.0, 1), (1.0, 2), (2.0, 3)] and accumulated == [(3.0, 1), (7.0, 2), (11.0, 3)]
print("as described" if same else "the behaviour changed")
sys.exit(0 if same else 1)
PY
