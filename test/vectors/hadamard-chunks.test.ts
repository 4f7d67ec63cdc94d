import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { storedCode } from "../../src/testing/stored-code.ts";
import { campaign } from "../campaign.ts";
import { spectrum } from "./spectra.ts";

/*
 * What three quarters of the slots leave of one chunk of `hadamard`, redundancy 2: conditions of
 * S_A'S_A over drawn sets, and over the set that a greedy adversary leaves. `npm run soak` prints
 * every shape of chunk that 1 to 500 rows over 2 to 33 workers make.
 */

const hadamard = encodings.create({ type: "hadamard" });
/** From here on a set counts as singular. */
const singular = 1e9;

interface Found {
  readonly worst: number;
  readonly singularShare: number;
  readonly greedy: number;
}

function conditionsOf(rows: number, workers: number, sets: number): Found {
  const code = storedCode(hadamard, rows, workers);
  const random = randomFrom(`${rows}/${workers}`);
  const needed = Math.ceil(0.75 * workers);
  const conditionOf = (slots: ArrayLike<number>) => {
    const values = spectrum(code, slots);
    return values.at(-1)! / Math.max(values[0]!, values.at(-1)! / 1e12);
  };
  let [worst, count] = [0, 0];
  for (let set = 0; set < sets; set++) {
    const condition = conditionOf(random.permutation(workers).subarray(0, needed));
    worst = Math.max(worst, condition);
    if (condition > singular) count++;
  }
  let left = Array.from({ length: workers }, (_, slot) => slot);
  while (left.length > needed) {
    const without = left.map((slot) => left.filter((other) => other !== slot));
    const by = without.map((slots) => spectrum(code, slots)[0]!);
    left = without[by.indexOf(Math.min(...by))]!;
  }
  return { worst, singularShare: count / sets, greedy: conditionOf(left) };
}

test("a full chunk over 16 workers keeps its condition; eight rows do not always", () => {
  const full = conditionsOf(64, 16, 60);
  expect(full.worst).toBeLessThan(60);
  const last = conditionsOf(8, 16, 1_000);
  expect(last.singularShare).toBeGreaterThan(0);
  expect(last.singularShare).toBeLessThan(0.03);
  expect(last.greedy).toBeGreaterThan(singular);
});

test("every shape of chunk", { skip: campaign(true, false) }, () => {
  for (let workers = 2; workers <= 33; workers++) {
    const shapes = Array.from({ length: 64 }, (_, i) => i + 1);
    const found = shapes.map((rows) => conditionsOf(rows, workers, 200));
    const bad = shapes.filter((_, i) => found[i]!.singularShare > 0);
    const chosen = shapes.filter((_, i) => found[i]!.greedy > singular);
    console.log(
      `${workers} workers: full chunks at most ${found[63]!.worst.toPrecision(3)} drawn, ` +
        `${found[63]!.greedy.toPrecision(3)} chosen; rows of a last chunk of which drawn sets ` +
        `are singular: ${bad.join(" ") || "none"}; chosen sets: ${chosen.join(" ") || "none"}`,
    );
    expect(found[63]!.singularShare).toBeLessThan(0.01);
  }
});
