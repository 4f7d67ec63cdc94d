import { encodings } from "../../encoding/registry.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import type { FaultDecision } from "../../weather/fault-decision.ts";

/** One other way in which the run might have gone. */
export interface Scenario {
  readonly name: string;
  readonly change: Partial<Pick<RunSpec, "wait" | "encoding">>;
  /** What befalls a task there, of what did befall it. */
  readonly fate?: (fate: FaultDecision, slot: number) => FaultDecision;
}

/** The ways that are gone through, the run as it was first. */
export function scenariosOf(
  { wait, workers, encoding }: RunSpec,
  slowest: number | null,
): Scenario[] {
  const prompt = ({ coldStartMs }: FaultDecision): FaultDecision => ({
    ...{ delayMs: 0, fault: null, duplicate: false },
    coldStartMs,
  });
  const list: Scenario[] = [
    { name: "the same again", change: {} },
    { name: "nobody late, nothing lost", change: {}, fate: prompt },
  ];
  if (slowest !== null)
    list.push({
      name: `slot ${slowest}, the slowest, never late`,
      change: {},
      fate: (fate, slot) => (slot === slowest ? prompt(fate) : fate),
    });
  const k = typeof wait === "object" && "fastest" in wait ? wait.fastest : workers;
  for (const fastest of [k - 1, k + 1])
    if (fastest >= 1 && fastest <= workers && fastest !== k)
      list.push({ name: `wait: fastest ${fastest}`, change: { wait: { fastest } } });
  const waits: readonly (readonly [string, RunSpec["wait"]])[] = [
    ["wait: all", "all"],
    ["wait: adaptive", "adaptive"],
  ];
  for (const [name, other] of waits)
    if (JSON.stringify(other) !== JSON.stringify(wait))
      list.push({ name, change: { wait: other } });
  if (encoding.type !== "uncoded") {
    const uncoded = encodings.resolve({ type: "uncoded" }, "encoding");
    list.push({ name: "not encoded", change: { encoding: uncoded } });
  }
  return list;
}
