import { describe, expect, it } from "vitest";
import { type Random, randomFrom } from "../../../src/core/random.ts";
import { type Blocks, blockRowsOf } from "../../../src/math/kernels/block-rows.ts";
import { signBlocksOf } from "../../../src/math/kernels/sign-blocks.ts";

const magnitude = Math.fround(0.3);

/** Of rows whose first `dense` columns, over all slabs, are any numbers, and the others signs. */
function blockOf(rows: number, widths: readonly number[], dense: number, random: Random) {
  let from = 0;
  const slabs = widths.map((columns) => {
    const values = Float32Array.from({ length: rows * columns }, (_, at) => {
      const sign = random.uniform() < 0.5 ? -magnitude : magnitude;
      return from + (at % columns) < dense ? random.normal() : sign;
    });
    from += columns;
    return { kind: "dense" as const, rows, columns, values };
  });
  return rows === 0 ? [] : slabs;
}

function all(blocks: Blocks, sources: Float64Array, places: readonly number[]) {
  const factors = blocks.multiply(sources);
  const replies = places.map((place) => ({ place, factors }));
  const sums = sources.map((value) => value / 3);
  const moved = sources.map((value) => value / 7);
  blocks.addUp(replies, -0.3, { sums, moved });
  const values = replies.map((reply) => blocks.combine(reply));
  return { sums, moved, values, bounds: replies.map((reply) => blocks.boundOf(reply)) };
}

describe("blocks of signs", () => {
  const kinds = [
    ["no dense column", [8, 12], 0],
    ["a dense slab and more", [2, 37], 3],
    ["dense until the last fourth column", [7, 30, 5], 5],
    ["a whole dense slab, and less than four columns", [4, 29, 3], 4],
    ["dense columns that end between fourth ones", [9, 30], 2],
  ] as const;

  it.each(kinds)("%s: products and sums are those of the entries", (name, widths, dense) => {
    const random = randomFrom(name);
    const count = 300;
    const blocks = Array.from({ length: count }, (_, i) => blockOf(i % 5, widths, dense, random));
    const signs = signBlocksOf(blocks.slice(0, 280), count)!;
    expect(signs).not.toBeNull();
    expect(signs.add(blocks.slice(280))).toBe(true);
    const entries = blockRowsOf(blocks, count)!;
    const sources = Float64Array.from({ length: signs.columns }, () => random.normal());
    const places = blocks.map((_, i) => i).filter((i) => i % 7 !== 3);
    // In double precision: what is rounded to float32 would hide the order of additions.
    const factors = signs.multiply(sources).filter((_, i) => i % 4 < Math.floor(i / 4) % 5);
    expect(factors).toEqual(entries.multiply(sources));
    expect(all(signs, sources, places)).toEqual(all(entries, sources, places));
  });

  it("are not of several magnitudes, of many dense columns or of many rows", () => {
    const random = randomFrom("others");
    const block = (rows: number, dense: number) => blockOf(rows, [6, 20], dense, random);
    expect(signBlocksOf([block(2, 3), block(4, 0)], 3)).not.toBeNull();
    expect(signBlocksOf([block(2, 3), block(2, 5)], 3)).toBeNull();
    expect(signBlocksOf([block(2, 3), block(5, 3)], 3)).toBeNull();
    const doubled = block(1, 0).map((slab) => ({ ...slab, values: slab.values.map((v) => 2 * v) }));
    expect(signBlocksOf([block(2, 3), doubled], 3)).toBeNull();
    expect(signBlocksOf([block(2, 26)], 3)).toBeNull();
  });

  it("take in only blocks like those before, and no more than there is room for", () => {
    const random = randomFrom("more");
    const block = (rows: number, dense: number) => blockOf(rows, [6, 20], dense, random);
    const made = signBlocksOf([block(3, 2)], 3)!;
    expect(made.add([block(1, 3)])).toBe(false);
    expect(made.add([blockOf(1, [6, 21], 2, random)])).toBe(false);
    expect(made.add([block(1, 2), block(0, 0), block(1, 1)])).toBe(false);
    expect(made.add([block(1, 2), block(0, 0)])).toBe(true);
  });
});
