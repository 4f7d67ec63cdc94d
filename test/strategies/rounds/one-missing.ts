import { randomFrom } from "../../../src/core/random.ts";
import { encodings } from "../../../src/encoding/registry.ts";
import type { Examples } from "../../../src/math/rows.ts";
import { extremes, gram } from "../../run/by-hand.ts";
import { encoded } from "../../run/fixtures.ts";

/** Eight slots of which one is always missing, over one small chunk of a Hadamard frame. */
export const workers = 8;
export const rows = 32;
export const all = [...Array(workers).keys()];
export const without = (missing: number) => all.filter((slot) => slot !== missing);
export const hadamard = { type: "hadamard", redundancy: 2 };

/** The spectrum of S_A'S_A, scaled to a mean of one, over all A with one slot missing. */
export function spectrum(seed: number): { least: number; largest: number } {
  const values = Float32Array.from({ length: rows * rows }, (_, at) =>
    Number(at % (rows + 1) === 0),
  );
  const identity: Examples = {
    rows: { kind: "dense", rows, columns: rows, values },
    targets: new Float32Array(rows),
  };
  const code = encodings.create(encodings.resolve(hadamard, "encoding"));
  const shards = encoded(identity, code, workers, randomFrom(seed).fork("encode"));
  const scale = code.scale(workers) * (7 / 8);
  const found = all.map((missing) => {
    const { matrix } = gram(without(missing).map((slot) => shards[slot]!));
    return extremes(matrix.map((row) => row.map((value) => value / scale)));
  });
  return {
    least: Math.min(...found.map(({ least }) => least)),
    largest: Math.max(...found.map(({ largest }) => largest)),
  };
}
