import { afterAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { type DenseMatrix, distanceToIdentity, gram, matrix } from "../../src/testing/dense.ts";
import { eigenvalues } from "../../src/testing/eigenvalues.ts";
import { type StoredCode, storedCode, subsets } from "../../src/testing/stored-code.ts";
import { others, rowsOf, spectrum, variance } from "./spectra.ts";

/*
 * Spectra of M_A = S_A'S_A / (c eta) over the codes; see tight-frame-spectra.test.ts for the
 * sources. For Gaussian codes the limits are Marchenko and Pastur's, (1 +- 1/sqrt(redundancy
 * eta))^2.
 */

interface Chosen {
  readonly type: string;
  readonly chunk?: number;
}

describe("erasures of tight frames, S_A'S_A + S_B'S_B = cI for B = not A", () => {
  const frames: [Chosen, number][] = [
    [{ type: "hadamard-etf", chunk: 120 }, 8],
    [{ type: "hadamard-etf", chunk: 136 }, 8],
    [{ type: "hadamard-etf", chunk: 28 }, 8],
    [{ type: "paley", chunk: 51 }, 8],
    [{ type: "steiner", chunk: 28 }, 8],
    [{ type: "steiner", chunk: 66 }, 8],
    [{ type: "haar" }, 8],
  ];

  test.each(frames)(
    "%o over %i slots: the sum, and n - |rows of B| eigenvalues are c",
    (chosen, m) => {
      const { code, scale } = oneChunk(chosen, m);
      for (const count of [4, 6, 7]) {
        const arrived = randomFrom(count).permutation(m).subarray(0, count);
        const missing = rowsOf(code, others(arrived, m));
        const seen = gram(code.s, rowsOf(code, arrived));
        expect(distanceToIdentity(sum(seen, gram(code.s, missing)), scale)).toBeLessThan(1e-12);
        const values = eigenvalues(seen);
        expect(values.at(-1)!).toBeLessThan(scale + 1e-10);
        const exact = values.filter((value) => Math.abs(value - scale) < 1e-9).length;
        const known = Math.max(0, code.s.columns - missing.length);
        // More where lost rows depend on each other: Haar's, and signs in few dimensions.
        const isGeneric = chosen.type !== "haar" && chosen.chunk !== 28;
        if (!isGeneric) expect(exact).toBeGreaterThanOrEqual(known);
        else expect(exact).toBe(known);
      }
    },
  );
});

describe("the mean of M_A over every subset is I, to 1e-12", () => {
  const frames: [Chosen, number][] = [
    [{ type: "hadamard-etf", chunk: 28 }, 8],
    [{ type: "steiner", chunk: 28 }, 8],
    [{ type: "haar" }, 8],
    [{ type: "paley", chunk: 15 }, 10],
  ];

  test.each(frames)("%o over %i slots", (chosen, m) => {
    const { code, encoding } = oneChunk(chosen, m);
    const rows = code.s.columns;
    for (const count of [1, 3, 6]) {
      const all = subsets(m, count);
      const mean = matrix(rows, rows);
      for (const arrived of all) {
        const weight = encoding.weights(arrived, code.shares, rows)![0]! / all.length;
        const seen = gram(code.s, rowsOf(code, arrived));
        for (let i = 0; i < mean.values.length; i++) mean.values[i]! += weight * seen.values[i]!;
      }
      expect(distanceToIdentity(mean, 1)).toBeLessThan(1e-12);
    }
  });
});

describe("24 of 32 slots, one block of about 1024 stored rows", () => {
  const measured: object[] = [];
  const note = (code: string, values: Float64Array) => {
    const [least, largest] = [values[0]!, values.at(-1)!].map((value) =>
      value.toFixed(4).replace("-0.0000", "0.0000"),
    );
    measured.push({ code, least, largest });
  };
  afterAll(() => console.table(measured));

  const arrived = randomFrom("block").permutation(32).subarray(0, 24);

  test.each<[Chosen, number, number]>([
    [{ type: "paley", chunk: 505 }, 0.08, 0.11],
    [{ type: "hadamard-etf", chunk: 496 }, 0.09, 0.125],
    [{ type: "steiner", chunk: 496 }, 0.09, 0.125],
  ])("%o: lambda_min in %f to %f, lambda_max 1/eta", (chosen, low, high) => {
    const { code, scale } = oneChunk(chosen, 32);
    const eta = rowsOf(code, arrived).length / code.s.rows;
    const values = spectrum(code, arrived);
    note(chosen.type, values);
    expect(values[0]).toBeGreaterThan(low);
    expect(values[0]).toBeLessThan(high);
    expect(Math.abs(values.at(-1)! - 1 / eta)).toBeLessThan(1e-6);
    expect(Math.abs((variance(values) * (scale * eta)) / (1 - eta) - 1)).toBeLessThan(0.02);
  });

  test("hadamard, of 512 columns: lambda_min in .08 to .11, lambda_max 4/3", () => {
    const values = spectrum(merged("hadamard"), arrived);
    note("hadamard", values);
    expect(values[0]).toBeGreaterThan(0.08);
    expect(values[0]).toBeLessThan(0.11);
    expect(Math.abs(values.at(-1)! - 4 / 3)).toBeLessThan(1e-6);
  });

  test("gaussian: lambda_min in .025 to .045, lambda_max in 3.1 to 3.5", () => {
    const values = spectrum(merged("gaussian"), arrived);
    note("gaussian", values);
    expect(values[0]).toBeGreaterThan(0.025);
    expect(values[0]).toBeLessThan(0.045);
    expect(values.at(-1)).toBeGreaterThan(3.1);
    expect(values.at(-1)).toBeLessThan(3.5);
  });

  test("gaussian: S'S is off cI by about 0.4 with every slot", () => {
    const { s } = merged("gaussian", 256);
    const distance = distanceToIdentity(gram(s), 2);
    expect(distance).toBeGreaterThan(0.3);
    expect(distance).toBeLessThan(0.6);
  });

  test("haar: some data rows are lost, lambda_min is 0", () => {
    const values = spectrum(merged("haar"), arrived);
    note("haar", values);
    expect(Math.abs(values[0]!)).toBeLessThan(1e-10);
  });

  test("steiner, a block to a slot: S_A'S_A is diagonal, 0 for two lost blocks", () => {
    const { code } = oneChunk({ type: "steiner", chunk: 496 }, 32);
    const blocks = { ...code, slots: code.slots.map((_, i) => i >> 5) };
    const seen = gram(blocks.s, rowsOf(blocks, arrived));
    const diagonal = Array.from({ length: 496 }, (_, i) => seen.values[i * 497]!);
    for (let i = 0; i < 496; i++) seen.values[i * 497] = 0;
    expect(seen.values.every((entry) => Math.abs(entry) < 1e-12)).toBe(true);
    // (v/(v-1)) |{i, j} in A|: none of the 8 that are missing holds C(8, 2) pairs.
    const counts = [0, 1, 2].map(
      (held) => diagonal.filter((entry) => Math.abs(entry - (held * 32) / 31) < 1e-12).length,
    );
    expect(counts).toEqual([28, 192, 276]);
  });
});

/** One full chunk of a code over so many slots. */
function oneChunk(chosen: Chosen, workers: number) {
  const encoding = encodings.create(chosen);
  const code = storedCode(encoding, encoding.chunkRows(workers), workers, "spectra");
  return { code, encoding, scale: encoding.scale(workers) };
}

/** Asked for `slots` slots a code takes one block of twice as many rows; 32 slots share it. */
function merged(type: string, slots = 512): StoredCode {
  const code = storedCode(encodings.create({ type }), slots, slots, "spectra");
  return { ...code, slots: code.slots.map((slot) => slot % 32) };
}

function sum(a: DenseMatrix, b: DenseMatrix): DenseMatrix {
  return { ...a, values: a.values.map((value, i) => value + b.values[i]!) };
}
