import { describe, it } from "vitest";
import { explore } from "./explore.ts";

describe("random runs, weather and crashes", () => {
  // Any seed that ever failed belongs in this list.
  const seeds = Array.from({ length: 16 }, (_, i) => i + 1);
  it.each(seeds)("seed %i keeps every promise", async (seed) => {
    await explore(seed);
  });
});
