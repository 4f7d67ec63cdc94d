/** Where things are in the store. */
export const runPrefix = (run: string) => `runs/${run}/`;
export const recordKey = (run: string) => `${runPrefix(run)}run.json`;
export const stateKey = (run: string) => `${runPrefix(run)}state.safetensors`;
export const eventsKey = (run: string, sequence: number) =>
  `${runPrefix(run)}events/${String(sequence).padStart(8, "0")}.safetensors`;
export const resultKey = (run: string) => `${runPrefix(run)}result.json`;
export const evaluationKey = (run: string) => `${runPrefix(run)}evaluation.json`;
export const modelKey = (run: string) => `${runPrefix(run)}model.safetensors`;
export const cancelKey = (run: string) => `${runPrefix(run)}cancel`;
/** Arrays too large for an invocation. */
export const carriedPrefix = (run: string) => `${runPrefix(run)}carried/`;
/** What slots remember between rounds: an object for each of a slot's accepted or dropped replies. */
export const memoryPrefix = (run: string) => `${runPrefix(run)}memory/`;
export const memoryKey = (run: string, slot: number, round: number) =>
  `${memoryPrefix(run)}${slot}/${String(round).padStart(8, "0")}.safetensors`;
export const curvatureKey = (prepared: string) => `prepared/${prepared}.curvature.json`;
export const preparedKey = (digest: string) => `prepared/${digest}.json`;
export const encodedKey = (digest: string) => `encoded/${digest}.json`;
