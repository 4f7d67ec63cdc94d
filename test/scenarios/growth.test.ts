import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { train } from "../../src/index.ts";
import { campaign } from "../campaign.ts";
import { kofn } from "../cli/fixtures.ts";
import { growingRuns, limits, none, residentMegabytes, rest, tenths } from "./growing-runs.ts";
import { temporaryHome } from "./workplace.ts";

/** A long run's rounds must cost at its end what they cost at its start. */
const rounds = campaign(200, 20_000);
/** Of what is alive; `limits` are of all that the process holds besides the engine's room. */
const aliveMegabytesMax = campaign(none, 30);
/** With the engine's room, which a long run of ridge is known to exceed this by. */
const heldMegabytesMax = campaign(none, 100);
const runsInHome = campaign(6, 300);

setFlagsFromString("--expose-gc");
const collect = campaign(() => {}, runInNewContext("gc") as () => void);

/** Megabytes that are alive. */
function aliveMegabytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

/** Processor seconds that `work` takes in this process. */
async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const runs = Object.entries(growingRuns(rounds + rest));

test.each(runs)("rounds do not grow dearer: %s", async (_, spec) => {
  await using home = await temporaryHome();
  const marks: Record<"seconds" | "megabytes" | "held" | "resident", number>[] = [];
  const every = rounds / 10;
  const before = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  let looking = 0;
  // Near its end it is stopped, to be resumed.
  const nearEnd = new AbortController();
  const { stop } = await train(spec as never, {
    signal: nearEnd.signal,
    backend: "simulated",
    home: home.path,
    name: "long",
    listen(event) {
      if (event.type !== "round" || (event.round + 1) % every !== 0) return;
      if (event.round >= rounds) return;
      if (event.round + 1 === rounds) nearEnd.abort();
      const seconds = spent() - looking;
      const megabytes = aliveMegabytes();
      const held = process.memoryUsage().rss / 1e6;
      marks.push({ seconds, megabytes, held, resident: residentMegabytes() });
      looking = spent() - seconds;
    },
  });
  expect(stop).toBe("interrupted");
  expect(marks.length).toBe(10);
  const { early, late } = tenths(marks.map(({ seconds }) => seconds));
  console.log(
    `${rounds} rounds: ${((early * 1e3) / every).toFixed(3)} processor ms a round early, ` +
      `${((late * 1e3) / every).toFixed(3)} late; ` +
      `${marks[1]!.megabytes.toFixed(0)} MB alive early, ${marks[9]!.megabytes.toFixed(0)} late; ` +
      `${marks[1]!.resident.toFixed(0)} and ${marks[9]!.resident.toFixed(0)} resident`,
  );
  expect(late / early).toBeLessThan(limits.ratio);
  expect(marks[9]!.megabytes - marks[1]!.megabytes).toBeLessThan(aliveMegabytesMax);
  expect(marks[9]!.resident - marks[1]!.resident).toBeLessThan(limits.growthMegabytes);
  expect(marks[9]!.held - marks[1]!.held).toBeLessThan(heldMegabytesMax);
  const shown = await processorSeconds(async () => {
    const { exitCode, out } = await kofn(home.path, "show", "long");
    expect(exitCode).toBe(0);
    expect(out).toContain("last events");
  });
  expect(shown).toBeLessThan(limits.lookSeconds);
  const resumed = await processorSeconds(async () => {
    const { exitCode, err } = await kofn(home.path, "resume", "long");
    expect(exitCode).toBe(0);
    expect(err).not.toContain("done already");
  });
  console.log(`show: ${shown.toFixed(2)} processor s, what is left: ${resumed.toFixed(2)}`);
  expect(resumed).toBeLessThan(limits.resumeSeconds);
});

test("a home of many runs is listed quickly", async () => {
  await using home = await temporaryHome();
  const spec = growingRuns(5).ridge;
  for (let run = 0; run < runsInHome; run++)
    await train(spec as never, { backend: "simulated", home: home.path, name: `run-${run}` });
  const listed = await processorSeconds(async () => {
    const { out } = await kofn(home.path, "list");
    expect(out.match(/run-\d+/g)?.length).toBe(runsInHome);
  });
  console.log(`list of ${runsInHome} runs: ${listed.toFixed(2)} processor s`);
  expect(listed).toBeLessThan(limits.lookSeconds);
});
