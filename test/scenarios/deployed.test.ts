import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { kofnAt, kofnProcess } from "../cli/fixtures.ts";
import { arn, costText } from "../platform/billing/cost-lines.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

/** Charges of today and tomorrow. */
const charged = {
  line_item_usage_start_date: new Date().toISOString().replace(/T.*/, "T00:00:00Z"),
  line_item_usage_end_date: new Date(Date.now() + 86_400_000).toISOString(),
  line_item_usage_type: "EUW1-Lambda-GB-Second-ARM",
  line_item_usage_amount: "112500",
  line_item_unblended_cost: "1.5",
};

test("a stage: run there, watched from here, listed, reported, replayed", async () => {
  await using place = await temporaryHome();
  await using other = await temporaryHome();
  const { weather: _calm, ...given } = {
    ...smallRidge,
    wait: "all",
    stop: { rounds: 8, tolerance: 0 },
  };
  const direct = await runOn("simulated", other.path, { ...given, weather: { model: "calm" } });
  const spec = resolveSpec({ ...given, weather: { model: "calm" } });
  const home = join(place.path, "cloud");
  const backend = (await openComputeBackend("emulated", { home, spec })) as EmulatedBackend;
  try {
    const folder = join(place.path, "project/below");
    await mkdir(folder, { recursive: true });
    await mkdir(join(place.path, "project/.sst"));
    const outputs = {
      stage: "dev",
      bucket: "kofn",
      worker: "worker",
      orchestrator: "orchestrator",
    };
    await writeFile(join(place.path, "project/.sst/outputs.json"), JSON.stringify(outputs));
    await writeFile(join(folder, "spec.json"), JSON.stringify(given));
    const { environment } = backend.emulator();
    const here = { home: join(place.path, "home"), cwd: folder, env: environment };
    const stage = ["--stage", "dev"];
    const kofn = (...args: string[]) => kofnAt(here, ...args, ...stage);
    const started = ["run", "spec.json", "--name", "far-away", "--json", ...stage];
    const { exitCode, out, err } = await kofnProcess(here, ...started).ended;
    expect(exitCode, err).toBe(0);
    expect(err).toContain("kofn watch far-away --stage dev");
    expect(err).toMatch(/forecast: .* for the workers and \$\S+ for the orchestrator/);
    const result = JSON.parse(out.trim().split("\n").at(-1)!);
    expect(result).toMatchObject({
      type: "result",
      stop: "done",
      rounds: 8,
      weightsDigest: direct.result.weightsDigest,
    });
    expect(await readFile(result.report, "utf8")).toContain("far-away");
    expect((await kofn("list", "--json")).out).toContain('"far-away"');
    expect((await kofn("show", "far-away")).out).toContain("done");
    expect((await kofn("resume", "far-away")).err).toContain("done already");
    expect((await kofn("replay", "far-away")).out).toContain("equal to the bit");
    const long = ["run", "spec.json", "--name", "long", "--set", "stop.rounds=50000", ...stage];
    const watched = kofnProcess(here, ...long);
    await watched.says(/run long \(aws:dev\)/);
    watched.child.kill("SIGINT");
    expect(await watched.ended).toMatchObject({
      exitCode: 130,
      err: expect.stringContaining("long goes on without being watched"),
    });
    expect((await kofn("show", "long")).out).toContain("running");
    expect((await kofn("cancel", "long")).exitCode).toBe(0);
    expect((await kofn("watch", "long")).err).toContain("cancelled");
    const weather = await kofn("run", "spec.json", "--set", "weather.model=calm");
    expect([weather.exitCode, weather.err]).toEqual([
      2,
      expect.stringMatching(/AWS makes its own/),
    ]);
    const costs = join(place.path, "costs.csv");
    await writeFile(costs, costText([{ ...charged, line_item_resource_id: arn("worker") }]));
    const bill = await kofn("bill", "far-away", "--cost-file", costs);
    expect(bill.out).toMatch(/compute +\$\S+ +\$1\.50 +EUW1-Lambda-GB-Second-ARM/);
    expect(bill.out).toMatch(/durable operations +\$\S+ +absent/);
    expect(bill.err).toContain("absent from the file: requests, tenant environments");
  } finally {
    await backend.close();
  }
});
