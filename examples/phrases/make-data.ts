import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes phrases.tsv: made-up English sentences of a small grammar, and their German. */
const pairs = 560;

const who = [
  ["the heron", "der reiher", "den reiher"],
  ["a quiet wren", "ein stiller zaunkönig", "einen stillen zaunkönig"],
  ["the old tern", "die alte seeschwalbe", "die alte seeschwalbe"],
  ["one swift", "ein segler", "einen segler"],
  ["the crane", "der kranich", "den kranich"],
] as const;
const does = [
  ["sees", "sieht"],
  ["hears", "hört"],
  ["calls", "ruft"],
  ["finds", "findet"],
  ["avoids", "meidet"],
] as const;
const where = [
  ["by the river", "am fluss"],
  ["at noon", "am mittag"],
  ["in the reeds", "im schilf"],
  ["before the rain", "vor dem regen"],
  ["near the harbour", "nahe dem hafen"],
] as const;

let state = 20_261_130;

/** Uniform in [0, 1): a 32-bit mixing generator, so that every machine writes the same file. */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let z = Math.imul(state ^ (state >>> 15), 1 | state);
  z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}

const all = who.flatMap((one) =>
  does.flatMap((verb) =>
    who.flatMap((other) =>
      // In German the place or the time comes first, and the verb after it.
      where.map(
        (place) =>
          `${one[0]} ${verb[0]} ${other[0]} ${place[0]} .\t` +
          `${place[1]} ${verb[1]} ${one[1]} ${other[2]} .`,
      ),
    ),
  ),
);
for (let i = all.length - 1; i > 0; i--) {
  const j = Math.floor(uniform() * (i + 1));
  [all[i], all[j]] = [all[j]!, all[i]!];
}
writeFileSync(join(import.meta.dirname, "phrases.tsv"), `${all.slice(0, pairs).join("\n")}\n`);
