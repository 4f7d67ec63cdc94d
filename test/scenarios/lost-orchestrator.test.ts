import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { readLease } from "../../src/platform/cloud/lease.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import type { LiveStatus } from "../../src/report/live/protocol.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { openUi } from "../../src/ui/server.ts";
import { kofn } from "../cli/fixtures.ts";
import { eventually } from "../eventually.ts";
import { readEvents } from "../ui/events-over-http.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

const outputs = { stage: "dev", bucket: "kofn", worker: "worker", orchestrator: "orchestrator" };
/** The first start and AWS's two more. */
const tries = 3;

afterEach(() => vi.unstubAllEnvs());

test("an orchestrator gone for good: told from a live one, and its run resumed", async () => {
  await using place = await temporaryHome();
  await using other = await temporaryHome();
  const { weather: _calm, ...given } = {
    ...smallRidge,
    workers: 2,
    wait: "all",
    stop: { rounds: 80, tolerance: 0 },
  };
  const weather = { model: "exponential", meanMs: 30 };
  const direct = await runOn("simulated", other.path, { ...given, weather });
  const spec = resolveSpec({ ...given, weather });
  const home = join(place.path, "cloud");
  const backend = (await openComputeBackend("emulated", { home, spec })) as EmulatedBackend;
  try {
    const path = join(place.path, "spec.json");
    await writeFile(path, JSON.stringify(given));
    for (const [name, value] of Object.entries(backend.emulator().environment))
      vi.stubEnv(name, value);
    vi.stubEnv("SST_RESOURCE_Kofn", JSON.stringify(outputs));
    const staged = (...args: string[]) => kofn(join(place.path, "home"), ...args, "--stage", "dev");
    const ui = await openUi({
      home: join(place.path, "home"),
      stage: "dev",
      pollMs: 50,
      resume: async () => "",
      whatIf: async () => ({ problem: "" }),
    });
    onTestFinished(() => ui.close());
    // As a page does that is open all the while.
    const following = readEvents<Partial<LiveStatus>>(
      `${ui.address("/api/events")}&run=adrift`,
      ({ data }) => data.status === "done",
    );
    const watching = staged("run", path, "--name", "adrift");
    await killed(backend);
    const live = await staged("resume", "adrift");
    expect(live.err).toContain("adrift is running in stage dev");
    expect(live.exitCode).toBe(2);
    // What two minutes of silence come to.
    const lease = (await readLease(backend.store, "adrift"))!;
    const silent = JSON.stringify({ ...lease, untilMs: Date.now() - 1 });
    await backend.store.write("runs/adrift/orchestrator.json", Buffer.from(silent));
    const watched = await watching;
    expect(watched.err).toContain("go on with: kofn resume adrift --stage dev");
    expect(watched.exitCode).toBe(3);
    expect((await staged("list", "--json")).out).toMatch(/"run":"adrift".*"status":"stopped"/);
    const resumed = await staged("resume", "adrift", "--json");
    expect(JSON.parse(resumed.out.trim().split("\n").at(-1)!)).toMatchObject({
      stop: "done",
      rounds: 80,
      weightsDigest: direct.result.weightsDigest,
    });
    expect((await readLease(backend.store, "adrift"))!.epoch).toBe(tries + 1);
    const sent = await following;
    const seen = sent.flatMap(({ data: { status } }) => status ?? []);
    const changes = seen.filter((status, i) => status !== seen[i - 1]);
    // Between its record and its first orchestrator nobody is at work on it.
    const since = changes.slice(changes.indexOf("running"));
    expect(since.filter((status) => status !== "starting").slice(0, 2)).toEqual([
      "running",
      "stopped",
    ]);
    expect(since.at(-1)).toBe("done");
    expect(sent.filter(({ name }) => name === "batch").length).toBeGreaterThan(2);
  } finally {
    await backend.close();
  }
});

/** Ends every orchestrator's environment soon after it has begun, until none comes again. */
async function killed({ emulator, store }: EmulatedBackend): Promise<void> {
  for (let number = 1; number <= tries; number++) {
    const before = (await readCheckpoint(store, "adrift"))?.sequence ?? 0;
    const epoch = async () => (await readLease(store, "adrift"))?.epoch;
    await eventually(async () => (await epoch()) === number, `start ${number}`);
    const sequence = async () => (await readCheckpoint(store, "adrift"))?.sequence ?? 0;
    await eventually(async () => (await sequence()) > before, "it gets on");
    for (const { pid, state, ...one } of await emulator().environments())
      if (one.function === "orchestrator" && state === "busy") process.kill(pid, "SIGKILL");
  }
}
