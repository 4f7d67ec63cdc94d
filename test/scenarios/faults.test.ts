import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

const spec = {
  ...smallRidge,
  optimizer: "l-bfgs",
  wait: "all",
  stop: { rounds: 25, tolerance: 0, patience: 30 },
};
const random = randomFrom("faults");

describe("faults never change a result that all replies are part of", () => {
  let undisturbed = "";

  beforeAll(async () => {
    await using home = await temporaryHome();
    undisturbed = (await runOn("simulated", home.path, spec)).result.weightsDigest;
  });

  test("worker environments killed at random instants", async () => {
    await using home = await temporaryHome();
    let kills = 0;
    const killing = { timer: undefined as NodeJS.Timeout | undefined };
    const { end, result } = await runOn("emulated", home.path, spec, (backend) => {
      const { emulator } = backend as EmulatedBackend;
      killing.timer = setInterval(async () => {
        const living = (await emulator().environments()).filter(({ tenant }) => tenant !== null);
        const victim = living[random.integer(living.length)];
        if (victim === undefined) return;
        process.kill(victim.pid, "SIGKILL");
        if (++kills === 12) clearInterval(killing.timer);
      }, 120);
    });
    clearInterval(killing.timer);
    expect(kills).toBeGreaterThan(2);
    expect(end.stop.kind).toBe("done");
    expect(result.weightsDigest).toBe(undisturbed);
  });

  test("the emulator itself killed and started again, twice", async () => {
    await using home = await temporaryHome();
    const timers: NodeJS.Timeout[] = [];
    let kills = 0;
    const { end, result } = await runOn("emulated", home.path, spec, (backend) => {
      const { emulator } = backend as EmulatedBackend;
      const kill = () =>
        void emulator()
          .kill()
          .then(() => kills++);
      timers.push(setTimeout(kill, 700), setTimeout(kill, 2500));
    });
    for (const timer of timers) clearTimeout(timer);
    expect(kills).toBeGreaterThan(0);
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
  const { end } = await runOn("emulated", home.path, {
    ...spec,
    wait: { fastest: 6 },
    stop: { rounds: 25, patience: 4 },
    weather: { model: "calm", deadSlots: [1, 3, 5] },
  });
  expect(end.stop).toMatchObject({ kind: "unfinished" });
  expect(end.stop).toMatchObject({ reason: expect.stringMatching(/silent slots: 1, 3, 5/) });
  expect(end.elapsedMs).toBeLessThan(15_000);
});
