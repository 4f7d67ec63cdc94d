import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import {
  noMisses,
  observeParticipation,
  type Participation,
} from "../../src/quorum/straggler-detector.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { noFault } from "../../src/weather/fault-decision.ts";
import { trial } from "../run/fixtures.ts";
import { virtualRun } from "../run/virtual-run.ts";

/** Which slots were ever taken for persistent stragglers, over quorums of other slots each time. */
function suspected(workers: number, k: number, quorums: number): Set<number> {
  const random = randomFrom(`suspects/${workers}/${k}`);
  const ever = new Set<number>();
  let participation = noMisses(workers);
  for (let quorum = 0; quorum < quorums; quorum++) {
    const order = random.fork(String(quorum)).permutation(workers);
    participation = observeParticipation(participation, [...order].slice(0, k));
    for (const slot of participation.absent) ever.add(slot);
  }
  return ever;
}

const grown = (from: Participation, count: number, present: readonly number[]) => {
  let participation = from;
  for (let i = 0; i < count; i++) participation = observeParticipation(participation, present);
  return participation;
};

describe("persistent stragglers", () => {
  it.each([
    [8, 4],
    [8, 6],
    [32, 16],
    [32, 24],
    [128, 64],
  ])("are not found among %d equals of whom %d count each time", (workers, k) => {
    expect(suspected(workers, k, 400)).toEqual(new Set());
  });

  it("are told from those whom chance left out: it needs more than a few misses in twenty", () => {
    // With a quarter of the slots counting, missing 18 of 20 is usual: half of all would be found.
    expect(suspected(32, 8, 400)).toEqual(new Set());
  });

  it("are found once they have missed nearly all of twenty, forgiven once they are back", () => {
    const most = [0, 1, 2, 3, 4, 5];
    const everyone = [...most, 6, 7];
    let participation = grown(noMisses(8), 19, most);
    expect(participation.absent).toEqual([]);
    participation = grown(participation, 1, most);
    expect(participation.absent).toEqual([6, 7]);
    participation = grown(participation, 1, everyone);
    participation = grown(participation, 1, [...most, 7]);
    participation = grown(participation, 1, most);
    expect(participation.absent).toEqual([6, 7]);
    participation = grown(participation, 10, everyone);
    expect(participation.absent).toEqual([]);
    participation = grown(participation, 10, most);
    expect(participation.absent).toEqual([]);
  });

  it("are told as warnings, also by rules that learn nothing", async () => {
    const { plan, perform } = trial({
      workers: 6,
      wait: { fastest: 4 },
      optimizer: { type: "gradient-descent", step: 0.05 },
      roundsMax: 80,
    });
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: ({ id, slot }) => {
        const round = Number(/\d+/.exec(id)![0]);
        const isSlow = slot === 5 || (slot === 2 && round < 40);
        return { ...noFault, delayMs: isSlow ? 300 : randomFrom(id).uniform() };
      },
    });
    const warnings = end.events.filter((event) => event.type === "warning");
    expect(warnings).toMatchObject([
      { message: "slots 2, 5: persistently late, left out of nearly all of the last 20 quorums" },
      { message: "slot 2: no longer persistently late" },
    ]);
  });
});
