import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelParallel, type RunInput, train } from "../../src/index.ts";
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
async function roundsOf(spec: RunInput): Promise<number[]> {
  const tookMs: number[] = [];
  await train(spec, {
    home,
    listen(event) {
      if (event.type === "round" && event.round > 2) tookMs.push(event.atMs - event.startedMs);
    },
  });
  return tookMs;
}

try {
  const step = await roundsOf({
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
  });
  // Seven forward and eight backward tasks, one after another, then all updates at once.
  const hop = median(step) / 16;
  const roundOf = async (workers: number) =>
    median(
      await roundsOf({
        ...common,
        problem: "ridge",
        data: { generate: { type: "regression", rows: 32, features: 65_535 }, test: 0 },
        workers,
        wait: "all",
        encoding: "uncoded",
        optimizer: { type: "gradient-descent", step: 1e-9 },
      }),
    );
  const [one, eight] = [await roundOf(1), await roundOf(8)];
  console.log(`through the emulator, 256 KiB each way: ${steps} steps of eight stages`);
  console.log(`step ${median(step).toFixed(0)} ms, a hop ${hop.toFixed(1)} ms`);
  console.log(`a round of one worker ${one.toFixed(1)} ms, of eight ${eight.toFixed(1)} ms`);
  console.log(`a hop is ${(hop / one).toFixed(2)} of a round trip`);
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
