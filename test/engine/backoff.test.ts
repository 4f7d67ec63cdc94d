import { describe, expect, it } from "vitest";
import { nextTryMs, retryAfterMs } from "../../src/engine/backoff.ts";

const names = Array.from({ length: 1_000 }, (_, slot) => `round-4/gradient/slot-${slot}`);

describe("asking again after a loss", () => {
  it("spreads slots that were refused together over half of the bound", () => {
    const waits = names.map((task) => retryAfterMs(6, task));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(400);
    expect(Math.max(...waits)).toBeLessThan(800);
    // Of 1,000 over 400 ms a tenth of that time holds 100, give or take 4 deviations of 9.5.
    for (let from = 400; from < 800; from += 40) {
      const count = waits.filter((ms) => ms >= from && ms < from + 40).length;
      expect(Math.abs(count - 100)).toBeLessThan(38);
    }
  });

  it("waits as long when it is worked out again, and otherwise at another try", () => {
    const [task = ""] = names;
    expect(retryAfterMs(2, task)).toBe(retryAfterMs(2, task));
    expect(retryAfterMs(2, `${task}/try-2`)).not.toBe(retryAfterMs(2, task));
  });

  it("heeds the platform's wish, unless the run would give up first", () => {
    const lost = { task: "round-0/gradient/slot-0", losses: 1, atMs: 1_000, givesUpMs: 31_000 };
    expect(nextTryMs({ ...lost, askedMs: 7_000 })).toBe(8_000);
    expect(nextTryMs({ ...lost, askedMs: 60_000 })).toBe(16_000);
    const ownMs = retryAfterMs(1, lost.task);
    expect(nextTryMs({ ...lost, askedMs: 1 })).toBe(1_000 + ownMs);
    expect(nextTryMs({ ...lost, askedMs: undefined })).toBe(1_000 + ownMs);
    // Its patience is over: it is asked all the same, whatever the platform wishes.
    expect(nextTryMs({ ...lost, givesUpMs: 500, askedMs: 7_000 })).toBe(1_000 + ownMs);
  });
});
