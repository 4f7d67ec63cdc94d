#!/usr/bin/env bash
# Two subgradients of TensorFlow.js differ from those of TensorFlow and PyTorch. That of abs at 0 is -1, not 0 (its
# gradient is step(x, -1), and step gives its alpha wherever x > 0 fails): an L1 penalty pushes a weight that is
# exactly zero away, and an absolute error that is nought still has a gradient. That of max goes in full to every
# element that ties, not in shares, so that it sums to the number of ties: after a relu, or over padding, it is
# as many times too large. Abs_grad and Max_grad in the library's sources show both.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" @tensorflow/tfjs@4.22.0
cd "$dir"
cat > run.cjs <<'JS'
const tf = require("@tensorflow/tfjs");

(async () => {
  await tf.setBackend("cpu");
  console.log("@tensorflow/tfjs", tf.version.tfjs);
  const show = async (name, f, at) => {
    const seen = JSON.stringify(await tf.grad(f)(tf.tensor1d(at)).array());
    console.log(`${name} at ${JSON.stringify(at)}: gradient ${seen}`);
    return seen;
  };
  const label = tf.tensor1d([1, 2]);
  const same =
    (await show("sum of abs", (x) => tf.sum(tf.abs(x)), [0, 1, -1])) === "[-1,1,-1]" &&
    (await show("absoluteDifference", (x) => tf.losses.absoluteDifference(label, x), [1, 3])) ===
      "[0.5,0.5]" &&
    (await show("L1 penalty of 0.1", (x) => tf.sum(tf.abs(x)).mul(0.1), [0])) ===
      "[-0.10000000149011612]" &&
    (await show("max", (x) => tf.max(x), [2, 2, 2, 1])) === "[1,1,1,0]";
  console.log(same ? "as described" : "the behaviour changed");
  process.exit(same ? 0 : 1);
})();
JS
node run.cjs
