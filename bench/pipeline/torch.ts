import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { straightPipeline } from "../../src/model-parallel/schedule.ts";
import { scheduleFromCsv } from "../../src/model-parallel/schedule-csv.ts";
import { simulateSchedule } from "../../src/model-parallel/simulate-schedule.ts";

const names = ["GPipe", "1F1B"] as const;

/** torch's orders in its own notation: all forward passes first, or as many as there are stages. */
function torchCsv(name: (typeof names)[number], stages: number, microbatches: number): string {
  const rows = Array.from({ length: stages }, (_, stage) => {
    const ahead = name === "GPipe" ? microbatches : Math.min(microbatches, stages - stage);
    const cells: string[] = [];
    for (let k = 0; k < microbatches + ahead; k++) {
      if (k >= ahead) cells.push(`${stage}B${k - ahead}`);
      if (k < microbatches) cells.push(`${stage}F${k}`);
    }
    return cells.join(",");
  });
  return rows.join("\n");
}

/** What torch's schedules take on the virtual clock, hops as kofn's. */
export function simulatedTorch(
  stages: number,
  microbatches: number,
  times: { readonly forward: number; readonly backward: number; readonly hop: number },
) {
  return names.map((name) => {
    const order = scheduleFromCsv(torchCsv(name, stages, microbatches), straightPipeline(stages));
    const timeline = simulateSchedule(order, {
      forward: () => times.forward,
      backward: () => times.backward,
      hop: () => times.hop,
    });
    if (!("spans" in timeline)) throw new Error(`torch's ${name} stands still`);
    return { name, makespan: timeline.makespan, bubble: timeline.bubble };
  });
}

interface Measured {
  /** Its version. */
  readonly torch: string;
  readonly schedule: string;
  readonly stages: number;
  readonly microbatches: number;
  readonly makespanMs: number;
}

/** The same on gloo processes whose stages sleep; null where there is no torch. */
export function measuredTorch(
  times: { readonly forward: number; readonly backward: number },
  settings: readonly string[],
): readonly Measured[] | null {
  const python =
    process.env.KOFN_TORCH_PYTHON ?? join(tmpdir(), "kofn-torch-2.15.0", "bin", "python");
  if (!existsSync(python)) return null;
  const script = join(import.meta.dirname, "torch_steps.py");
  const numbers = [times.forward, times.backward, 5].map(String);
  const out = execFileSync(python, [script, ...numbers, ...settings], { encoding: "utf8" });
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Measured);
}
