import { writeFileSync } from "node:fs";

/** Writes ratings.csv: made-up people rate made-up films by taste, mood and some noise. */
const ratings = 4_000;
const people = 150;
const films = 90;

let state = 20_261_121;

/** Uniform in [0, 1): a 32-bit mixing generator, so that every machine writes the same file. */
function uniform(): number {
  state = (state + 0x6d2b79f5) | 0;
  let z = Math.imul(state ^ (state >>> 15), 1 | state);
  z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}

/** Close to normal, with mean 0 and deviation 1. */
function bell(): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += uniform();
  return sum;
}

const first = ["ada", "ben", "cleo", "dora", "emil", "fay", "gus", "hana", "ivo", "jun"];
const topics = ["harbour", "winter", "orchard", "signal", "paper", "garden", "border", "echo"];
const kinds = ["story", "mystery", "waltz", "heist", "letters", "summer", "return"];

const viewers = Array.from({ length: people }, (_, i) => ({
  name: `${first[i % first.length]}-${Math.floor(i / first.length) + 1}`,
  mood: 0.35 * bell(),
  taste: [bell(), bell()],
}));
const shows = Array.from({ length: films }, (_, i) => ({
  title: `${topics[i % topics.length]} ${kinds[i % kinds.length]} ${Math.floor(i / 56) + 1}`,
  fame: 0.45 * bell(),
  style: [0.6 * bell(), 0.6 * bell()],
}));

const seen = new Set<string>();
const lines = ["viewer,film,stars"];
while (lines.length <= ratings) {
  const viewer = viewers[Math.floor(people * uniform())]!;
  const film = shows[Math.floor(films * uniform() ** 1.4)]!;
  const pair = `${viewer.name},${film.title}`;
  if (seen.has(pair)) continue;
  seen.add(pair);
  const liking = viewer.taste[0]! * film.style[0]! + viewer.taste[1]! * film.style[1]!;
  const stars = 3.3 + viewer.mood + film.fame + liking + 0.4 * bell();
  lines.push(`${pair},${Math.min(5, Math.max(0.5, Math.round(2 * stars) / 2))}`);
}
writeFileSync(new URL("ratings.csv", import.meta.url), `${lines.join("\n")}\n`);
