import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes sentences.txt: made-up sentences of a small grammar, one a line. */
const sentences = 300;

const who = ["the heron", "a quiet wren", "the old tern", "one swift", "the crane"];
const does = ["follows", "waits for", "does not see", "flies over", "calls"];
const where = ["by the river", "at noon", "in the reeds", "before the rain", "near the harbour"];

let state = 20_261_121;

/** Uniform in [0, 1): a 32-bit mixing generator, so that every machine writes the same file. */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let z = Math.imul(state ^ (state >>> 15), 1 | state);
  z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}

function pick(words: readonly string[]): string {
  return words[Math.floor(uniform() * words.length)]!;
}

const lines = Array.from({ length: sentences }, () => {
  const sentence = `${pick(who)} ${pick(does)} ${pick(who)} ${pick(where)}.`;
  return sentence[0]!.toUpperCase() + sentence.slice(1);
});
writeFileSync(join(import.meta.dirname, "sentences.txt"), `${lines.join("\n")}\n`);
