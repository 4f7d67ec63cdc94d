/** Where the module's own tables end. */
export const tablesEnd: usize = __heap_base;

export { causalMix, causalScores, causalSlopes } from "./attention";
export { orderFloatRows, rectifiedSlopes } from "./float-rows";
export { tightProduct } from "./matrices";
export { normalizeRows, normalSlopes } from "./normal-rows";
export { addPoolSlopes } from "./pools";
export { rectifiedProduct } from "./rectified";
export { biasUnits, stopSlopes } from "./units";
