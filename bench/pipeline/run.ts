import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelParallel, type RunEvent, type RunInput, train } from "../../src/index.ts";
import { stageRates } from "../../src/platform/platform-model.ts";
import { emulatedMakespan, slopeBytes } from "./emulated.ts";
import { measuredTorch } from "./torch.ts";
import { printOneWorker, printSchedules } from "./virtual.ts";

/**
 * `npm run bench -- pipeline`: schedules of stages that take 50 ms forward and 100 ms backward,
 * 4 ms a hop, on the virtual clock: makespan beside (m + p - 1)(f + b) and the hops, bubble, bytes,
 * dollars, and what stages that stay through would cost; torch's orders beside, and torch itself
 * where it is; what activations in the store would take. Then the way of one hop through the
 * emulator, eight stages that hand on 256 KiB, beside a round of one worker, and of eight, that are
 * sent 256 KiB and reply as much. Last two stages that compute, beside the formula, and what is
 * billed for a microbatch. STEPS: of each.
 */
const times = { forward: 50, backward: 100, hop: 4 };
const steps = Number(process.env.STEPS ?? 30);

printSchedules(times);
printOneWorker(times);
const measured = measuredTorch(times, ["2x4", "2x8"]);
if (measured === null)
  console.log("torch is not there: KOFN_TORCH_PYTHON names a Python that has it");
for (const { torch, schedule, stages, microbatches, makespanMs } of measured ?? []) {
  const ideal = (microbatches + stages - 1) * (times.forward + times.backward);
  console.log(
    `torch ${torch} ${schedule}, ${stages} gloo processes, ${microbatches} microbatches: ` +
      `${makespanMs.toFixed(0)} ms, ${(makespanMs / ideal).toFixed(3)} of (m + p - 1)(f + b)`,
  );
}

console.log("activations in the store instead of computing a stage's forward pass again:");
const { default: sentences } = await import("../../examples/sentences/model.ts");
const parallel = await modelParallel(sentences, { stages: 3, batch: 64, backend: "wasm" });
for (const [stage, row] of parallel.partition().rows.entries()) {
  const { bytesPerMs, objectMs } = stageRates;
  const away = 2 * (row.activationBytes / bytesPerMs + objectMs);
  console.log(
    `stage ${stage}: ${(row.activationBytes / 1e6).toFixed(1)} MB, there and back ` +
      `${away.toFixed(0)} ms; computed again in ${row.forwardMs.toFixed(0)} ms`,
  );
}

const home = await mkdtemp(join(tmpdir(), "kofn-pipeline-"));
const common = { stop: { rounds: steps, tolerance: 0 }, weather: { model: "calm" } } as const;
const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

/** How long each round took, the first ones left out: environments start in them. */
async function roundsOf(
  spec: RunInput,
  arrival: (event: RunEvent & { type: "arrival" }) => void = () => {},
): Promise<number[]> {
  const tookMs: number[] = [];
  await train(spec, {
    home,
    listen(event) {
      if (event.type === "arrival") arrival(event);
      if (event.type === "round" && event.round > 2) tookMs.push(event.atMs - event.startedMs);
    },
  });
  return tookMs;
}

/** Steps of eight stages that hand on 256 KiB and compute next to nothing. */
async function stepsOf(): Promise<{ stepMs: number; passesMs: number }> {
  const passesMs: number[] = [];
  let begunMs = 0;
  const tookMs = await roundsOf(
    {
      ...common,
      problem: { type: "network", model: join(import.meta.dirname, "model.ts"), backend: "wasm" },
      data: { generate: { type: "classification", rows: 64, features: 12 }, test: 0 },
      strategy: {
        type: "pipeline",
        stages: 8,
        placement: "(1|)*7 ...",
        batch: 16,
        microbatches: 1,
      },
      optimizer: { type: "sgd", learningRate: 0.01 },
    },
    ({ task, atMs, startedMs }) => {
      if (task.includes("/forward/stage-0/")) begunMs = startedMs;
      if (task.includes("/backward/stage-0/")) passesMs.push(atMs - begunMs);
    },
  );
  return { stepMs: median(tookMs), passesMs: median(passesMs.slice(2)) };
}

/** A round of workers that are sent 256 KiB and reply as much. */
async function roundMs(workers: number): Promise<number> {
  const tookMs = await roundsOf({
    ...common,
    problem: "ridge",
    data: { generate: { type: "regression", rows: 32, features: 65_535 }, test: 0 },
    workers,
    wait: "all",
    encoding: "uncoded",
    optimizer: { type: "gradient-descent", step: 1e-9 },
  });
  return median(tookMs);
}

try {
  console.log(`through the emulator, 256 KiB each way: ${steps} steps of eight stages, by turns`);
  const turns: { step: number; passes: number; one: number; eight: number }[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const before = await roundMs(1);
    const { stepMs: step, passesMs: passes } = await stepsOf();
    const one = (before + (await roundMs(1))) / 2;
    turns.push({ step, passes, one, eight: await roundMs(8) });
  }
  const typical = (value: (turn: (typeof turns)[number]) => number) => median(turns.map(value));
  const [step, passes] = [typical((turn) => turn.step), typical((turn) => turn.passes)];
  console.log(
    `step ${step.toFixed(0)} ms, of it forward and backward ${passes.toFixed(0)} ms; a round of ` +
      `one worker ${typical(({ one }) => one).toFixed(1)} ms, ` +
      `of eight ${typical(({ eight }) => eight).toFixed(1)} ms`,
  );
  const compare = (name: string, value: (turn: (typeof turns)[number]) => number) => {
    const ratios = turns.map((turn) => value(turn) / turn.one).sort((a, b) => a - b);
    const range = `${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}`;
    console.log(`${name} is ${median(ratios).toFixed(2)} of a round trip (${range})`);
  };
  // Seven forward and eight backward tasks, one after another, then all updates at once.
  compare("a hop", ({ passes }) => passes / 15);
  compare("a sixteenth of the step, the updates as one hop more,", ({ step }) => step / 16);
  for (const microbatches of [2, 4, 8]) {
    const told = await emulatedMakespan(home, microbatches, Math.min(steps, 12));
    const stages = `${told.first.toFixed(0)} and ${told.last.toFixed(0)} ms`;
    console.log(
      `two stages of ${stages}, ${microbatches} microbatches: ${told.makespan.toFixed(0)} ms, ` +
        `${told.ratio.toFixed(3)} of (m + p - 1)(f + b), billed ${told.billed.toFixed(1)} ms each`,
    );
    console.log(
      `slopes of weights, ${((microbatches * slopeBytes) / 1e6).toFixed(0)} MB, go by reference: ` +
        `${(told.throughBytes / 1e3).toFixed(0)} KB a step go through the orchestrator`,
    );
  }
} finally {
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
}
