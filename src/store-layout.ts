/** A kind of object in the store. */
interface Prefix {
  /** Of its keys, as IAM reads it: `*` is any text; the first one below `runs/` a run's name. */
  readonly pattern: string;
  /** May be sent in parts. */
  readonly mayBeLarge?: true;
}

/** Every kind of object: what effects, the roles' permissions and the run's end name. */
export const prefixes = {
  parts: { pattern: "parts/*" },
  encoded: { pattern: "encoded/*" },
  prepared: { pattern: "prepared/*" },
  networks: { pattern: "networks/*" },
  run: { pattern: "runs/*" },
  record: { pattern: "runs/*/run.json" },
  preparation: { pattern: "runs/*/preparation.json" },
  cancel: { pattern: "runs/*/cancel" },
  carried: { pattern: "runs/*/carried/*", mayBeLarge: true },
  stepObjects: { pattern: "runs/*/objects/*", mayBeLarge: true },
  modelParts: { pattern: "runs/*/model/*", mayBeLarge: true },
  memory: { pattern: "runs/*/memory/*", mayBeLarge: true },
  published: { pattern: "runs/*/round/*", mayBeLarge: true },
  ledger: { pattern: "runs/*/ledger/*" },
  events: { pattern: "runs/*/events/*", mayBeLarge: true },
  state: { pattern: "runs/*/state.safetensors", mayBeLarge: true },
  model: { pattern: "runs/*/model.safetensors", mayBeLarge: true },
  epochs: { pattern: "runs/*/orchestrators/*" },
  lease: { pattern: "runs/*/orchestrator.json" },
  budget: { pattern: "runs/*/budget.json" },
  notes: { pattern: "runs/*/notes.json" },
  evaluation: { pattern: "runs/*/evaluation.json" },
  result: { pattern: "runs/*/result.json" },
  secrets: { pattern: "secrets/*" },
  spending: { pattern: "spending/*" },
  rawSums: { pattern: "secrets/*/sums/*", mayBeLarge: true },
  predictors: { pattern: "predictors/*" },
} as const satisfies Readonly<Record<string, Prefix>>;

export type PrefixName = keyof typeof prefixes;

/** What a run has of a kind of object is below this. */
export function prefixIn(run: string, name: PrefixName): string {
  const { pattern } = prefixes[name];
  return pattern.replace(/^(runs|secrets)\/\*\/?/, (_, top) => `${top}/${run}/`).replace(/\*$/, "");
}

export const runPrefix = (run: string) => `runs/${run}/`;
export const recordKey = (run: string) => `${runPrefix(run)}run.json`;
/** How far a deployed stage is with preparing the run. */
export const preparationKey = (run: string) => `${runPrefix(run)}preparation.json`;
export const stateKey = (run: string) => `${runPrefix(run)}state.safetensors`;
export const eventsKey = (run: string, sequence: number) =>
  `${runPrefix(run)}events/${String(sequence).padStart(8, "0")}.safetensors`;
/** What a person wrote about the run. */
export const notesKey = (run: string) => `${runPrefix(run)}notes.json`;
export const resultKey = (run: string) => `${runPrefix(run)}result.json`;
/** How many dollars the run may have spent. */
export const budgetKey = (run: string) => `${runPrefix(run)}budget.json`;
export const evaluationKey = (run: string) => `${runPrefix(run)}evaluation.json`;
export const modelKey = (run: string) => `${runPrefix(run)}model.safetensors`;
/** Who orchestrates the run in AWS, and until when. */
export const leaseKey = (run: string) => `${runPrefix(run)}orchestrator.json`;
/** Every orchestrator that ever began, by its number. */
export const epochsPrefix = (run: string) => `${runPrefix(run)}orchestrators/`;
export const epochKey = (run: string, epoch: number) =>
  `${epochsPrefix(run)}${String(epoch).padStart(8, "0")}`;
export const cancelKey = (run: string) => `${runPrefix(run)}cancel`;
/** Arrays too large for an invocation. */
export const carriedPrefix = (run: string) => `${runPrefix(run)}carried/`;
/** Tensors that tasks hand to one another by reference, for as long as one step. */
export const stepObjectsPrefix = (run: string) => `${runPrefix(run)}objects/`;
export const stepObjectKey = (run: string, name: string) =>
  `${stepObjectsPrefix(run)}${name}.safetensors`;
/** Parts of models that no process holds as a whole. */
export const modelPartsPrefix = (run: string) => `${runPrefix(run)}model/`;
export const modelPartKey = (run: string, name: string) =>
  `${modelPartsPrefix(run)}${name}.safetensors`;
/** What slots remember between rounds: one object for each reply. */
export const memoryPrefix = (run: string) => `${runPrefix(run)}memory/`;
export const memoryKey = (run: string, slot: number, round: number) =>
  `${memoryPrefix(run)}${slot}/${String(round).padStart(8, "0")}.safetensors`;
/** Where all that the slots of a run remember is, for a key of one; null for any other key. */
export const memoryPrefixOf = (key: string) =>
  /^(runs\/[^/]+\/memory\/)\d+\//.exec(key)?.[1] ?? null;
/** What a node of a private run has published in a round; never written twice. */
export const nodeMessageKey = (run: string, round: number, node: number) =>
  `${runPrefix(run)}round/${round}/node/${node}`;
/** Who publishes under noise: a node, or the one that adds up what all slots computed. */
export type NoiseOwner = number | "aggregator";
/** A publisher's privacy budget, entry by entry. */
export const ledgerPrefix = (run: string, node: NoiseOwner) =>
  `${runPrefix(run)}ledger/node-${node}/`;
/** What a node's noise is keyed by: apart from the runs, so that nobody else need be let in. */
export const nodeSecretKey = (run: string, node: NoiseOwner) => `secrets/${run}/node-${node}`;
/** Sums of a round that are not noised yet: apart from the runs, too, and gone after the round. */
export const rawSumPrefix = (run: string) => `secrets/${run}/sums/`;
export const rawSumKey = (run: string, round: number, slot: number) =>
  `${rawSumPrefix(run)}${round}/${slot}`;
/** What was made of them, under noise. */
export const noisedSumKey = (run: string, round: number) => `${runPrefix(run)}round/${round}/sum`;
/** Of whom a round's masked numbers are added up, once and for all: no other sum is opened. */
export const summedPartiesKey = (run: string, round: number) =>
  `${runPrefix(run)}round/${round}/parties`;
export const curvatureKey = (prepared: string) => `prepared/${prepared}.curvature.json`;
export const preparedKey = (digest: string) => `prepared/${digest}.json`;
export const encodedKey = (digest: string) => `encoded/${digest}.json`;
/** What a stage has spent or reserved on a day (`2026-11-30`), change by change. */
export const spendingPrefix = (day: string) => `spending/${day}/`;
export const spendingKey = (day: string, number: number) =>
  `${spendingPrefix(day)}${String(number).padStart(8, "0")}.json`;
/** A model that is published for the predictor function: all that predicting needs, in one. */
export const predictorKey = (name: string) => `predictors/${name}.safetensors`;
