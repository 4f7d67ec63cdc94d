#!/usr/bin/env bash
# dispose() of a TensorFlow.js model says refCountAfterDispose: 0, and its page that a model of count 0 has disposed
# its layers' weights. A layer that is applied twice counts its uses and is asked once: its weights stay for ever, and
# numDisposedVariables tells none of them. The masks that a recurrent layer with dropout draws are kept for the next
# call and stay as well. Who makes models again and again frees layer.weights of shared layers, and cells' masks, himself.
# Source: dispose() of engine/topology and engine/container, and the cells' dropoutMask, in @tensorflow/tfjs-layers.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" @tensorflow/tfjs@4.22.0
cd "$dir"
cat > run.mjs <<'JS'
import * as tf from "@tensorflow/tfjs";

console.log("@tensorflow/tfjs", tf.version.tfjs);
await tf.setBackend("cpu");
const dense = () => tf.layers.dense({ units: 3 });
const input = () => tf.input({ shape: [3] });
const models = {
  "two layers, each applied once": () => {
    const inputs = input();
    return tf.model({ inputs, outputs: dense().apply(dense().apply(inputs)) });
  },
  "one layer, applied twice": () => {
    const [inputs, shared] = [input(), dense()];
    return tf.model({ inputs, outputs: shared.apply(shared.apply(inputs)) });
  },
  "a recurrent layer with dropout, after a call in training": () => {
    const layer = tf.layers.gru({ units: 2, inputShape: [4, 3], dropout: 0.5 });
    const model = tf.sequential({ layers: [layer] });
    tf.tidy(() => void model.apply(tf.ones([2, 4, 3]), { training: true }));
    return model;
  },
};
const seen = [];
for (const [what, build] of Object.entries(models)) {
  const before = tf.memory().numTensors;
  const told = build().dispose();
  const left = tf.memory().numTensors - before;
  seen.push([left, told.numDisposedVariables, told.refCountAfterDispose]);
  console.log(`${what}: count ${told.refCountAfterDispose}, ${told.numDisposedVariables} disposed, ${left} tensors left`);
}
const [once, twice, masks] = seen;
const same = String([once, twice]) === "0,4,0,2,0,0" && masks[0] > 0 && masks[1] === 3;
console.log(same ? "as described" : "the behaviour changed");
process.exit(same ? 0 : 1);
JS
node run.mjs
