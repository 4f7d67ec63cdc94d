import { describe, expect, it } from "vitest";
import { accountReleases } from "../../src/privacy/account.ts";
import { muOf } from "../../src/privacy/accountants/gaussian.ts";
import { discreteGaussian } from "../../src/privacy/mechanisms/exact-draws.ts";
import { laplaceRelease, withLaplaceNoise } from "../../src/privacy/mechanisms/grid-noise.ts";
import {
  masked,
  modulus,
  newParty,
  nodeSigma,
  type Party,
  type Revealed,
  reveal,
  type SealedShares,
  type Session,
  sharesOf,
  unmaskedSum,
} from "../../src/privacy/mechanisms/secure-sum.ts";
import { join, split } from "../../src/privacy/mechanisms/shamir.ts";
import { testBits } from "./chance.ts";

const session: Session = { name: "round/3", parties: 7, threshold: 4 };

/** Everything up to the sum, with some parties dropping out after they shared their secrets. */
function play(values: readonly Float64Array[], gone: readonly number[]) {
  const parties = values.map((_, index) => newParty(session, index));
  const publicKeys = parties.map(({ keys }) => keys.publicKey);
  const shares = parties.flatMap((party) => sharesOf(session, party, publicKeys));
  const stayed = new Map(
    parties
      .filter(({ index }) => !gone.includes(index))
      .map((party) => [party.index, masked(session, party, publicKeys, values[party.index]!)]),
  );
  const revealed = [...stayed.keys()].flatMap((index) =>
    reveal(session, parties[index]!, publicKeys, shares, [...stayed.keys()]),
  );
  return { parties, publicKeys, shares, stayed, revealed };
}

const values = Array.from({ length: 7 }, (_, i) =>
  Float64Array.from({ length: 5 }, (_, j) => Math.round(1e9 * Math.sin(3 * i + j))),
);

function sumOf(indices: readonly number[]): number[] {
  return [0, 1, 2, 3, 4].map((j) => indices.reduce((sum, i) => sum + values[i]![j]!, 0));
}

describe("a secure sum", () => {
  it.each([[[]], [[2]], [[0, 6]], [[1, 3, 5]]])("is exact though %j drop out", (gone) => {
    const { publicKeys, stayed, revealed } = play(values, gone);
    expect([...unmaskedSum(session, publicKeys, stayed, revealed)]).toEqual(
      sumOf([...stayed.keys()]),
    );
  });

  it("is not to be had from fewer answers than the threshold", () => {
    const { publicKeys, stayed, revealed } = play(values, []);
    const few = revealed.filter(({ share }) => share.at <= 3);
    expect(() => unmaskedSum(session, publicKeys, stayed, few)).toThrow(/3 answered/);
  });

  it("hides each part: masked values are spread over all numbers, whatever they are", () => {
    const { stayed } = play(
      values.map((one) => new Float64Array(one.length)),
      [],
    );
    const all = [...stayed.values()].flatMap((one) => [...one]);
    expect(new Set(all).size).toBe(35);
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length / modulus;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 35));
  });

  it("gives away one secret of each party, and never the other", () => {
    const { parties, publicKeys, shares, revealed } = play(values, [2]);
    const kinds = new Set(revealed.map(({ of, secret }) => `${of}/${secret}`));
    expect(kinds).toEqual(new Set([0, 1, 3, 4, 5, 6].map((i) => `${i}/mask`).concat("2/keys")));
    const again = (stayed: number[]) => reveal(session, parties[0]!, publicKeys, shares, stayed);
    expect(() => again([0, 1, 2, 3, 4, 5, 6])).toThrow(/secure sum round\/3/);
    expect(again([0, 1, 3, 4, 5, 6]).length).toBe(7);
    const fresh: Party = { ...parties[0]!, answered: null };
    expect(() => reveal(session, fresh, publicKeys, shares, [0, 1, 2])).toThrow(/3 stayed/);
  });

  it("notices a share that was changed on its way", () => {
    const { parties, publicKeys, shares } = play(values, []);
    const damaged: SealedShares[] = shares.map((one) => ({ ...one, bytes: one.bytes.slice() }));
    damaged.find(({ from, to }) => from === 1 && to === 0)!.bytes[20]! ^= 1;
    const stayed = [0, 1, 2, 3, 4, 5, 6];
    expect(() => reveal(session, parties[0]!, publicKeys, damaged, stayed)).toThrow(/sealed/);
  });

  it("refuses what would wrap around, and thresholds of half and less", () => {
    const party = newParty(session, 0);
    const keys = values.map(() => party.keys.publicKey);
    const large = Float64Array.of(modulus / 2 / 7);
    expect(() => masked(session, party, keys, large)).toThrow(/too large/);
    expect(() => masked(session, party, keys, Float64Array.of(0.5))).toThrow(/no whole number/);
    expect(() => newParty({ ...session, parties: 8 }, 0)).toThrow(/threshold of 4/);
  });

  it("of noised parts is worth the noise of those that stayed", () => {
    // sigma / sqrt(N - t) a node keeps (1, 1e-5) at sensitivity 1.
    const sigma = 1 / muOf(1, 1e-5);
    expect(nodeSigma(sigma, 10, 0)).toBeCloseTo(1.179729308, 9);
    expect(nodeSigma(sigma, 10, 2)).toBeCloseTo(1.318977464, 9);
    expect(nodeSigma(sigma, 100, 10)).toBeCloseTo(0.3932431026, 9);
    const bits = testBits("sum");
    const steps = 2 ** 24;
    const noised = values.map((one) => one.map(() => discreteGaussian(steps, bits)));
    const { publicKeys, stayed, revealed } = play(noised, [4]);
    const sum = unmaskedSum(session, publicKeys, stayed, revealed as Revealed[]);
    // Five draws of deviation sqrt(6): the chance of one beyond 6 is one in 10^8.
    for (const one of sum) expect(Math.abs(one)).toBeLessThan(6 * Math.sqrt(6) * steps);
  });
});

it("shares of a secret give it back from any enough of them, and not from fewer", () => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);
  const shares = split(secret, { threshold: 3, count: 5 }, testBits("shamir"));
  for (const chosen of [
    [0, 1, 2],
    [4, 2, 0],
    [1, 3, 4],
  ])
    expect(
      join(
        chosen.map((i) => shares[i]!),
        32,
      ),
    ).toEqual(secret);
  expect(() => join([shares[0]!, shares[3]!], 32)).toThrow(/enough/);
});

it("Laplace noise stays on its grid and is charged for rounding", () => {
  const noise = { adjacency: "replace-one", sensitivity: 1, scale: 2 } as const;
  const release = laplaceRelease(noise, 3);
  expect(release.sensitivity).toBe(1 + 3 * 2 ** -28);
  expect(accountReleases([release], 1e-5).pure).toBeCloseTo(0.5, 7);
  const values = withLaplaceNoise(Float64Array.of(1 / 3, 2, -5), noise, testBits("laplace grid"));
  expect(values.every((one) => Number.isInteger(one * 2 ** 28))).toBe(true);
});
