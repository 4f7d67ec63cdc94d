import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { sumNoise } from "../../src/privacy/calibrate-sums.ts";
import { withKeyedNoise } from "../../src/privacy/mechanisms/keyed-noise.ts";
import { privacySchema } from "../../src/privacy/options.ts";
import { testBits } from "./chance.ts";
import {
  type Adjacency,
  budget,
  recordLines,
  type World,
  workers,
  world,
} from "./neighbour-worlds.ts";

/*
 * An attacker who knows every record, and wants to know whether the first is there: it sees what
 * workers publish, each its own sum under noise, and takes the likelier world.
 */
const records = 2_000;
const attempts = 1_600;
/** What epsilon allows of an even guess, delta left out. */
const allowed = Math.exp(budget.epsilon) / (1 + Math.exp(budget.epsilon));
const sampling = (4 * 0.5) / Math.sqrt(attempts);

/** How often the attacker is right. */
async function successOf(adjacency: Adjacency, share: number): Promise<number> {
  const lines = recordLines(records);
  const worlds = [
    await world(lines, share, adjacency),
    await world(lines.slice(1), share, adjacency),
  ] as const;
  const privacy = privacySchema.parse({ ...budget, adjacency: "add-remove", divisor: records });
  const length = worlds[0].total.length;
  const planned = { privacy, rate: 1, rounds: 1, records: 2 * records, workers, length };
  const { rule } = sumNoise(planned);
  const coins = testBits(`attack/${adjacency}/${share}`);
  let right = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const truth = coins.word() & 1;
    const published = worlds[truth]!.slots.map((sum, slot) => {
      const secret = hash("sha256", `${coins.word()}`, "buffer");
      return withKeyedNoise(Float64Array.from(sum), rule, secret, `slot/${slot}`);
    });
    const [here, there] = worlds.map((one) => distance(published, one));
    if (Number(there! < here!) === truth) right++;
  }
  return right / attempts;
}

function distance(published: readonly Float64Array[], { slots }: World): number {
  let sum = 0;
  for (const [slot, values] of published.entries())
    for (const [j, value] of values.entries()) sum += (value - slots[slot]![j]!) ** 2;
  return sum;
}

test.each([0, 0.2])(
  "by the record itself, %d for testing: within what epsilon allows",
  async (share) => {
    const success = await successOf("add-remove", share);
    expect(success).toBeLessThan(allowed + sampling);
    // Sixty-odd per cent are what any attacker could have; this one's are nearer to an even guess.
    expect(success).toBeGreaterThan(0.5 - sampling);
  },
);

test.each([0, 0.2])(
  "by place, %d for testing, the same attacker is nearly always right",
  async (share) => {
    expect(await successOf("replace-one", share)).toBeGreaterThan(0.8);
  },
);
