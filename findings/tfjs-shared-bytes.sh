#!/usr/bin/env bash
# tf.memory() of TensorFlow.js calls numBytes the number of bytes allocated, and says beside it that a.reshape()
# shares its buffer with a: numDataBuffers counts that buffer once, numBytes twice. A clone, a reshape and a variable
# made of a tensor each add the tensor's size again, although nothing is allocated, and what a gradient saves of its
# inputs are such clones: a budget by numBytes counts weights again for each of them. Count buffers instead.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --prefix "$dir" \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cd "$dir"
cat > run.mjs <<'JS'
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";

console.log("@tensorflow/tfjs-core", tf.version_core);
await tf.setBackend("cpu");
const before = tf.memory();
const seen = [];
const look = (what) => {
  const { numBytes, numDataBuffers } = tf.memory();
  seen.push([numBytes - before.numBytes, numDataBuffers - before.numDataBuffers]);
  console.log(`${what}: ${seen.at(-1)[0]} bytes in ${seen.at(-1)[1]} buffers`);
};
const a = tf.ones([1000]);
look("a tensor of 1,000 numbers");
tf.reshape(a, [10, 100]);
look("and a reshape of it");
tf.clone(a);
look("and a clone");
tf.variable(a);
look("and a variable made of it");
const same = JSON.stringify(seen) === "[[4000,1],[8000,1],[12000,1],[16000,1]]";
console.log(same ? "as described" : "the behaviour changed");
process.exit(same ? 0 : 1);
JS
node run.mjs
