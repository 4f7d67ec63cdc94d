import { resolveMembers } from "../run/resolve-members.ts";
import type { Candidate, CandidateVerdict } from "./candidate.ts";
import type { PlanningJob } from "./candidate-evaluation.ts";
import { type Configuration, specWith } from "./configuration.ts";
import { errorBound } from "./error-bound.ts";
import { forecastEntriesPerSlot } from "./workload.ts";

/** What earlier rehearsals say about settings like them. */
export interface Pruning {
  /** What can be said of a setting without a rehearsal; null where nothing can. */
  verdictOn(one: Candidate): CandidateVerdict | null;
  /** Remembers what came of a rehearsal. */
  record(done: Candidate): void;
}

/** A rehearsal is spared where settings like it miss by this factor more than the tolerance. */
const missForegone = 2.5;
/** A worker's memory holds its rows, and what it computes with them. */
const memoryShare = 0.6;

export function pruning(job: PlanningJob): Pruning {
  const misses = new Map<string, { heard: number; miss: number }>();
  return {
    verdictOn({ setting }) {
      const bytes = 4 * forecastEntriesPerSlot(specWith(job.spec, setting), job.data);
      if (bytes > memoryShare * job.machine.platform.memoryMb * 2 ** 20)
        return { kind: "too-large", bytes };
      const known = misses.get(familyOf(setting));
      if (known === undefined) return null;
      const typical = (heard: number) => typicalError(job, setting, heard);
      const heard = heardOf(job, setting);
      // Theory tells how errors grow with the slots missed, a rehearsal how large one of them is.
      const growth = heard > known.heard ? typical(heard) / typical(known.heard) : 1;
      const miss = known.miss * growth;
      return miss > missForegone ? { kind: "expected-to-miss", miss } : null;
    },
    record({ setting, verdict }) {
      if (verdict.kind !== "misses") return;
      misses.set(familyOf(setting), { heard: heardOf(job, setting), miss: verdict.miss });
    },
  };
}

/** Settings whose errors differ by the share of slots alone. */
function familyOf({ encoding, workers }: Configuration): string {
  return `${JSON.stringify(encoding)}/${workers}`;
}

function heardOf({ spec }: PlanningJob, setting: Configuration): number {
  const { wait } = resolveMembers(specWith(spec, setting));
  return wait.needed / setting.workers;
}

function typicalError({ spec, data }: PlanningJob, setting: Configuration, heard: number): number {
  const { encoding } = resolveMembers(specWith(spec, setting));
  return errorBound(encoding, heard, { ...data, workers: setting.workers }).typical;
}
