import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  checkGoldenArithmetic,
  goldenFolder,
  partRun,
  readGolden,
} from "../../scripts/goldens/golden.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import { storeAt } from "../../src/platform/local/s3-access.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { arithmetic } from "../../src/run/arithmetic.ts";
import { protocolVersion } from "../../src/tasks/protocol.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";
import { movableClock } from "./movable-clock.ts";
import { withWorker } from "./other-worker.ts";

/** A deployment in the middle of a run: what is new must get along with what is still there. */

test("an orchestrator that is still the old one goes on with the next version's workers", () =>
  withWorker(protocolVersion + 1, protocolVersion, async (worker) => {
    await using cloud = await illCloud({ worker });
    const { end, result, events } = await cloud.train();
    expect(end.stop.kind).toBe("done");
    expect(result.weightsDigest).toBe(await undisturbed());
    expect(events.filter((event) => event.type === "arrival" && event.fate === "lost")).toEqual([]);
  }));

test("two versions apart it is refused, and both sides are named", () =>
  withWorker(protocolVersion + 2, protocolVersion + 1, async (worker) => {
    await using cloud = await illCloud({ worker });
    const clock = movableClock();
    const listen = (event: RunEvent) => {
      if (event.type === "arrival" && event.fate === "lost") clock.skip(600_000);
    };
    const { end } = await cloud.train({ spec: given, clock, listen });
    const spoken = `versions ${protocolVersion + 1} to ${protocolVersion + 2}`;
    expect(end.stop).toMatchObject({
      kind: "unfinished",
      reason: expect.stringContaining(
        `this worker speaks ${spoken} of kofn's messages, the request ${protocolVersion}`,
      ),
    });
  }));

describe("a deployment in the middle of a run, of workers that do not speak its messages", () => {
  const spec = { ...given, stop: { ...given.stop, rounds: 6 } };

  /** Trains, and deploys the new workers once the first round has ended. */
  async function trainedThroughDeployment(name: string) {
    const isNewer = (event: RunEvent) => event.type === "arrival" && event.fate === "lost";
    return withWorker(protocolVersion + 2, protocolVersion + 1, async ({ directory }) => {
      await using cloud = await illCloud({});
      const clock = movableClock();
      const deployments: Promise<string | null>[] = [];
      const trained = await cloud.train({
        spec,
        clock,
        worker: name,
        listen(event) {
          const isFirst = event.type === "round" && event.round === 1;
          if (isFirst) deployments.push(cloud.deployWorker(directory));
          if (isNewer(event)) clock.skip(600_000);
        },
      });
      expect(await Promise.all(deployments)).toEqual(["2"]);
      return { ...trained, lost: trained.events.filter(isNewer) };
    });
  }

  test("a run goes on with the version that it began with, to the same weights", async () => {
    const { end, result, lost } = await trainedThroughDeployment("worker:1");
    expect(lost).toEqual([]);
    expect(end.stop.kind).toBe("done");
    expect(result.weightsDigest).toBe(await undisturbed(spec));
  });

  test("a run that calls whatever is deployed ends: the version kept the other one", async () => {
    const { end, lost } = await trainedThroughDeployment("worker");
    expect(lost.length).toBeGreaterThan(0);
    expect(end.stop.kind).toBe("unfinished");
  });

  test("a version that was removed is named, with what to do", async () => {
    await using cloud = await illCloud({});
    const clock = movableClock();
    const listen = (event: RunEvent) => {
      if (event.type === "arrival") clock.skip(600_000);
    };
    const { end } = await cloud.train({ clock, worker: "worker:7", listen });
    expect(end.stop).toMatchObject({
      kind: "unfinished",
      reason: expect.stringMatching(/Lambda has no function worker:7.*kofn resume RUN --newest/),
    });
  });
});

const golden = readGolden(readFileSync(join(goldenFolder, "dp-sgd.json.gz")));

test("a new deployment ends what the old one began, with the same weights", async () => {
  checkGoldenArithmetic("dp-sgd", golden, arithmetic);
  await using cloud = await illCloud({});
  const store = storeAt(cloud.access);
  for (const [key, base64] of Object.entries(golden.objects))
    await store.write(key, new Uint8Array(Buffer.from(base64, "base64")));
  const { end, result } = await cloud.train({ record: await readRecord(store, partRun) });
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(golden.resumed);
});
