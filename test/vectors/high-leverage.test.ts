import { beforeAll, describe, expect, test } from "vitest";
import { campaign } from "../campaign.ts";
import {
  alike,
  excessesOf,
  type Placed,
  placedCodes,
  type Summary,
  summary,
  uneven,
} from "./leverage.ts";

/*
 * Sixteen rows of high leverage among 1024: what each code loses at worst where 8 of 32 slots are
 * missing. `npm run bench -- leverage` prints more draws of rows that are alike.
 */

interface Excess extends Summary {
  readonly evenMedian: number;
}

const measured = new Map<string, Excess>();

beforeAll(() => {
  for (const placed of placedCodes()) measured.set(placed.name, measure(placed));
  console.table([...measured].map(([code, excess]) => ({ code, ...excess })));
});

const draws = campaign(100, 400);

describe(`the worst of ${draws} draws of 24 of 32 slots`, () => {
  test.each(["hadamard", "hadamard-etf", "paley", "steiner"])("%s: at most .05", (type) => {
    expect(measured.get(type)!.worst).toBeLessThan(0.05);
  });

  test.each([
    "uncoded",
    "replication",
    "gradient-code",
    "gradient-code, cyclic",
    "steiner, a block to a slot",
  ])("%s: at least 5", (type) => {
    expect(measured.get(type)!.worst).toBeGreaterThan(5);
  });

  test("haar: worse, since what only coarse rows still hold is drowned by others", () => {
    expect(measured.get("haar")!.worst).toBeGreaterThan(campaign(0.04, 0.05));
    expect(measured.get("haar")!.median).toBeGreaterThan(measured.get("hadamard")!.median);
  });

  test("where rows are alike replication loses least, uncoded more, gaussian most", () => {
    const at = (code: string) => measured.get(code)!.evenMedian;
    expect(at("replication")).toBeLessThan(at("hadamard"));
    expect(at("hadamard")).toBeLessThan(at("uncoded"));
    expect(at("uncoded")).toBeLessThan(at("gaussian"));
  });

  test("copies lose less than none; least squares makes more of them than one step", () => {
    const at = (code: string) => measured.get(code)!.evenMedian;
    for (const arrangement of ["gradient-code", "gradient-code, cyclic"]) {
      expect(at(arrangement)).toBeLessThan(at(`${arrangement}, one-step`));
      expect(at(`${arrangement}, one-step`)).toBeLessThan(at("uncoded"));
    }
  });

  test("gaussian is off by more in the middle than tight frames are at worst", () => {
    expect(measured.get("gaussian")!.median).toBeGreaterThan(measured.get("hadamard")!.worst);
    expect(measured.get("gaussian")!.worst).toBeLessThan(0.2);
  });
});

function measure(placed: Placed): Excess {
  const evenMedian = summary(excessesOf(placed, alike, draws / 5)).median;
  return { ...summary(excessesOf(placed, uneven, draws)), evenMedian };
}
