import { describe, expect, it } from "vitest";
import { factorizations, type ParallelSizes, rankTable } from "../../src/model-parallel/ranks.ts";

const orders = ["DPT", "DTP", "PDT", "PTD", "TDP", "TPD"];
const eight = { pipeline: 2, tensor: 2, replicas: 2 };

describe("ranks of workers", () => {
  it("are SageMaker's, by its two examples", () => {
    expect(rankTable(eight, "DPT").placeOf(5)).toEqual({ replica: 1, stage: 0, tensor: 1 });
    expect(rankTable(eight, "PTD").placeOf(5)).toEqual({ replica: 1, stage: 1, tensor: 0 });
    const all = (order: string) =>
      Array.from({ length: 8 }, (_, rank) => rankTable(eight, order).placeOf(rank));
    expect(all("cluster")).toEqual(all("DPT"));
    expect(all("spread")).toEqual(all("TPD"));
    expect(all("cluster")).not.toEqual(all("spread"));
  });

  const cases = [8, 12, 24].flatMap((size) =>
    factorizations(size).flatMap((sizes) => orders.map((order) => [size, sizes, order] as const)),
  );

  it(`have their identities, for ${cases.length} tables of 8, 12 and 24 workers`, () => {
    for (const [size, sizes, order] of cases) {
      const table = rankTable(sizes, order);
      expect(table.size).toBe(size);
      const { pipeline, tensor, replicas } = sizes;
      const lengths = (free: Parameters<typeof table.group>[1]) => {
        const groups = Array.from({ length: size }, (_, rank) => table.group(rank, free));
        for (const [rank, group] of groups.entries()) {
          expect(group).toContain(rank);
          for (const other of group) expect(groups[other]).toEqual(group);
        }
        return groups[0]!.length;
      };
      expect(lengths(["stage"])).toBe(pipeline);
      expect(lengths(["tensor"])).toBe(tensor);
      expect(lengths(["replica"])).toBe(replicas);
      // Of one stage's replicas and tensor ranks: data parallel. pp dp = mp rdp = size.
      expect(lengths(["replica", "tensor"]) * pipeline).toBe(size);
      expect(lengths(["stage", "tensor"]) * replicas).toBe(size);
      for (let rank = 0; rank < size; rank++) expect(table.rankOf(table.placeOf(rank))).toBe(rank);
    }
  });

  it("list every factorization once", () => {
    const products = (sizes: ParallelSizes) => sizes.pipeline * sizes.tensor * sizes.replicas;
    expect([8, 12, 24].map((size) => factorizations(size).length)).toEqual([10, 18, 30]);
    for (const sizes of factorizations(24)) expect(products(sizes)).toBe(24);
  });

  it("refuse what is no order and no size", () => {
    expect(() => rankTable(eight, "DPP")).toThrow('"DPP" is no order of D, P and T');
    expect(() => rankTable({ ...eight, tensor: 0 })).toThrow("0 for tensor");
  });
});
