import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { campaign } from "../campaign.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";

/** Seconds of silence: Node's limit for headers is 60, that for a request 300. */
const silences = campaign([0], [75, 400]);

test.each(silences)("%i s of silence in the middle of a run lose no environment", async (idle) => {
  // Lambda itself takes an environment away that nobody has called for so long.
  await using cloud = await illCloud({
    worker: { idleMs: 3_600_000, spares: 1, sparesAtStart: 5 },
  });
  const half = { ...given, stop: { ...given.stop, rounds: 6 } };
  const control = new AbortController();
  const first = await cloud.train({
    spec: half,
    signal: control.signal,
    listen: (event) => event.type === "round" && event.round === 3 && control.abort(),
  });
  expect(first.end.stop.kind).toBe("interrupted");
  const before = await cloud.emulator.environments();
  await sleep(1_000 * idle);
  const { result, events } = await cloud.train({ record: first.record });
  const fates = events.flatMap((event) => (event.type === "arrival" ? [event.fate] : []));
  expect(fates.filter((fate) => fate === "lost")).toEqual([]);
  expect(result.weightsDigest).toBe(await undisturbed(half));
  const after = new Map((await cloud.emulator.environments()).map((one) => [one.pid, one]));
  // Three that have worked, and at least one that has waited for its first event all the while.
  const tenants = before.map(({ tenant }) => tenant);
  expect(tenants.filter((one) => one !== null)).toHaveLength(3);
  expect(tenants).toContain(null);
  for (const { pid, tenant } of before)
    expect(tenant ?? after.get(pid)?.tenant, `process ${pid}`).toBe(after.get(pid)?.tenant);
  expect(before.every(({ pid }) => after.has(pid))).toBe(true);
});
