import { RunError } from "../core/errors.ts";
import type { Chosen } from "../core/registry.ts";
import { encodings } from "../encoding/registry.ts";
import type { Wait } from "../quorum/wait-policies/wait.ts";
import { resolveMembers } from "../run/resolve-members.ts";
import type { AutoKey, RunSpec } from "../spec/run-spec.ts";

/** What the planner may choose. */
export interface Configuration {
  readonly workers: number;
  readonly encoding: Chosen;
  readonly wait: Wait;
}

const workersTried = [4, 8, 16, 32, 64];
const sharesTried = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5];
/** Fewer rows than this at a slot are not worth an invocation. */
const rowsPerSlotMin = 8;

/** A spec with a setting in the place of its own. */
export function specWith(spec: RunSpec, setting: Configuration): RunSpec {
  const { auto: _auto, ...rest } = spec;
  return { ...rest, ...setting };
}

/** Not encoded, everybody waited for: what every other setting is held against. */
export function plainConfiguration(workers: number): Configuration {
  return { workers, encoding: encodings.resolve({ type: "uncoded" }, "encoding"), wait: "all" };
}

export function isPlain({ encoding, wait }: Configuration): boolean {
  return encoding.type === "uncoded" && wait === "all";
}

/** Every setting that `auto` leaves open and that can work, each once. */
export function configurationsOf(
  spec: RunSpec,
  auto: readonly AutoKey[],
  data: { readonly rows: number; readonly sparse: boolean },
): Configuration[] {
  const settings: Configuration[] = [];
  const fits = (workers: number) => workers * rowsPerSlotMin <= data.rows;
  const crowds = auto.includes("workers") ? workersTried.filter(fits) : [spec.workers];
  for (const workers of crowds.length === 0 ? [1] : crowds)
    for (const encoding of auto.includes("encoding")
      ? encodingsTried(data.sparse)
      : [spec.encoding])
      for (const wait of auto.includes("wait")
        ? waitsTried(encoding, workers, auto)
        : [spec.wait]) {
        const setting = { workers, encoding, wait };
        if (canWork(specWith(spec, setting))) settings.push(setting);
      }
  return settings;
}

/** In words, as in "hadamard 2, fastest 12 of 16". */
export function configurationInWords(spec: RunSpec, setting: Configuration): string {
  const { method, wait } = resolveMembers(specWith(spec, setting));
  const { type, ...options } = setting.encoding;
  const shown = ["redundancy", "stragglers"].flatMap((name) => options[name] ?? []);
  return `${[type, ...shown].join(" ")}, ${method.waitInWords ?? wait.inWords}`;
}

function encodingsTried(sparse: boolean): Chosen[] {
  const tried = [
    { type: "uncoded" },
    { type: "replication", redundancy: 2 },
    { type: "replication", redundancy: 3 },
    { type: "gradient-code", stragglers: 1 },
    { type: "gradient-code", stragglers: 2 },
  ];
  const mixing = [1.5, 2, 3].map((redundancy) => ({ type: "hadamard", redundancy }));
  return [...tried, ...(sparse ? [] : mixing)].map((one) => encodings.resolve(one, "encoding"));
}

/** Redundancy that nobody is spared by is not tried, where not encoding can be chosen instead. */
function waitsTried(encoding: Chosen, workers: number, auto: readonly AutoKey[]): Wait[] {
  if (encoding.type === "gradient-code" && encoding.approximate === false) {
    // It goes on as soon as every part was heard, with however few.
    return [{ fastest: Math.ceil(workers / encodings.create(encoding).redundancy) }];
  }
  const counts = sharesTried.map((share) => Math.round(share * workers));
  const { mixes, redundancy } = encodings.create(encoding);
  // Mixtures of fewer stored rows than there are data rows bound no error, and now and then leap.
  const fewest = mixes ? workers / redundancy : 1;
  const fewer = [...new Set(counts)].filter((count) => count >= fewest && count < workers);
  const all: Wait[] = encoding.type === "uncoded" || !auto.includes("encoding") ? ["all"] : [];
  return [...all, ...fewer.map((fastest) => ({ fastest }))];
}

/** Nothing about it is refused while planning. */
export function canWork(spec: RunSpec): boolean {
  try {
    resolveMembers(spec);
    return true;
  } catch (thrown) {
    if (thrown instanceof RunError) return false;
    throw thrown;
  }
}
