import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Backend } from "../../src/platform/backend.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { movableClock } from "../faults/movable-clock.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

const spec = {
  ...smallRidge,
  workers: 5,
  optimizer: "l-bfgs",
  wait: "all",
  stop: { rounds: 9, tolerance: 0, patience: 600 },
};
const random = randomFrom("faults");
const emulatorOf = (backend: Backend) => (backend as EmulatedBackend).emulator();

describe("faults never change a result that all replies are part of", () => {
  let undisturbed = "";

  beforeAll(async () => {
    await using home = await temporaryHome();
    undisturbed = (await runOn("simulated", home.path, spec)).result.weightsDigest;
  });

  test("worker environments killed at random instants", async () => {
    await using home = await temporaryHome();
    const kills: Promise<boolean>[] = [];
    let [arrivals, nextKill] = [0, 1 + random.integer(5)];
    const { end, result } = await runOn("emulated", home.path, spec, {
      listen(event, backend) {
        if (event.type !== "arrival" || ++arrivals < nextKill || kills.length === 6) return;
        nextKill += 3 + random.integer(16);
        kills.push(killOne(backend));
      },
    });
    expect((await Promise.all(kills)).filter((isDone) => isDone).length).toBeGreaterThan(2);
    expect(end.stop.kind).toBe("done");
    expect(result.weightsDigest).toBe(undisturbed);
  });

  test("the emulator itself killed and started again, twice", async () => {
    await using home = await temporaryHome();
    const kills: Promise<void>[] = [];
    // In the middle of rounds: some slots have replied, the others are at work.
    const instants = new Set([3, 5 * 8 + 2]);
    let replies = 0;
    const { end, result } = await runOn("emulated", home.path, spec, {
      listen(event, backend) {
        const isReply = event.type === "arrival" && event.fate === "counted";
        if (isReply && instants.has(++replies)) kills.push(emulatorOf(backend).kill());
      },
    });
    await Promise.all(kills);
    expect(kills).toHaveLength(2);
    expect(end.stop.kind).toBe("done");
    expect(result.weightsDigest).toBe(undisturbed);
  });

  test("crashes before and after the work, S3 errors and resets, tasks run twice", async () => {
    await using home = await temporaryHome();
    const weather = { model: "calm", failures: "5%", duplicates: "20%", s3Errors: "20%" };
    const { end, result } = await runOn("emulated", home.path, { ...spec, weather });
    expect(end.stop.kind).toBe("done");
    expect(end.totals.erasures).toBeGreaterThan(0);
    expect(result.weightsDigest).toBe(undisturbed);
  });
});

test("fewer live workers than the quorum: it gives up within its patience", async () => {
  await using home = await temporaryHome();
  const clock = movableClock();
  const weather = { model: "calm", deadSlots: [1, 3] };
  let replies = 0;
  const hopeless = { ...spec, wait: { fastest: 4 }, weather };
  const { end } = await runOn("emulated", home.path, hopeless, {
    clock,
    listen(event) {
      if (event.type === "arrival" && event.fate === "counted" && ++replies === 3)
        clock.skip(1000 * spec.stop.patience);
    },
  });
  expect(end.stop).toMatchObject({ kind: "unfinished" });
  expect(end.stop).toMatchObject({ reason: expect.stringMatching(/silent slots: 1, 3/) });
  expect(replies).toBe(3);
});

/** False where a process had ended just before. */
async function killOne(backend: Backend): Promise<boolean> {
  const living = (await emulatorOf(backend).environments()).filter(({ tenant }) => tenant !== null);
  const victim = living[random.integer(living.length)];
  try {
    return victim !== undefined && process.kill(victim.pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw thrown;
  }
}
