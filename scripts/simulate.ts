import { parseArgs } from "node:util";
import { explore } from "../test/simulation/explore.ts";

/** Explores random runs, weather and crashes: `simulate -- --seed 1 --minutes 5`. */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "1" },
  },
});
const first = Number(values.seed);
const minutes = Number(values.minutes);
if (!Number.isInteger(first) || !(minutes > 0)) {
  console.error("expected --seed with a whole number and --minutes with a positive one");
  process.exit(2);
}

const endMs = performance.now() + minutes * 60_000;
let seed = first;
while (performance.now() < endMs || seed === first) {
  await explore(seed);
  seed++;
  if ((seed - first) % 100 === 0) console.error(`${seed - first} seeds kept every promise`);
}
console.log(`seeds ${first} to ${seed - 1} kept every promise`);
