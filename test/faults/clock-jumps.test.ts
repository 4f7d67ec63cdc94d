import { afterEach, describe, expect, test, vi } from "vitest";
import type { RunEvent } from "../../src/ports/events.ts";
import { runOn, smallRidge, temporaryHome } from "../scenarios/workplace.ts";

afterEach(() => void vi.useRealTimers());

const day = 24 * 3_600_000;
const noon = Date.UTC(2026, 10, 30, 12);

/** A run on this machine's threads, the time of day set by `set` at every counted reply. */
async function runWith(set: (reply: number) => number, stop: object = {}) {
  await using home = await temporaryHome();
  vi.useFakeTimers({ toFake: ["Date"], now: noon });
  const seen: RunEvent[] = [];
  let replies = 0;
  const spec = {
    ...smallRidge,
    ...{ workers: 3, wait: "all", optimizer: "l-bfgs" },
    stop: { rounds: 12, tolerance: 0, seconds: 500, ...stop },
  };
  const { end, result } = await runOn("threads", home.path, spec, {
    listen(event) {
      seen.push(event);
      if (event.type === "arrival") vi.setSystemTime(noon + set(++replies));
    },
  });
  vi.useRealTimers();
  return { end, result, seen };
}

describe("the time of day is set in the middle of a run", () => {
  test.each([
    ["a day ahead", (reply: number) => (reply > 4 ? day : 0)],
    ["a day back", (reply: number) => (reply > 4 ? -day : 0)],
    ["to and fro", (reply: number) => (reply % 2 === 0 ? day : -day)],
  ])("%s: nothing is late, nothing is lost, and nothing ends", async (_, set) => {
    const still = await runWith(() => 0);
    const { end, result, seen } = await runWith(set);
    expect(end.stop.kind).toBe("done");
    expect(end.totals.erasures).toBe(0);
    expect(result.weightsDigest).toBe(still.result.weightsDigest);
    const times = seen.flatMap((event) => ("atMs" in event ? [event.atMs] : []));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const event of seen)
      if (event.type === "arrival") expect(event.atMs - event.startedMs).toBeGreaterThanOrEqual(0);
  });
});
