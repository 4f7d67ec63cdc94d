/** Where the module's own tables end. */
export const tablesEnd: usize = __heap_base;

export { addBlockSums } from "./block-sums";
export { coalesceFloatRows, packFloatRows } from "./coalesce";
export { addDistances, addRowProducts, rowProducts } from "./double-products";
export { gatherFloatRows, repeatFloatRows, sumFloatRows, swapFloatRows } from "./float-rows";
export { normalDraws } from "./normal-draws";
export { addPairedOuter } from "./outer-sums";
export {
  cutParts,
  mergeDoubleParts,
  mergeFloatParts,
  weighDoubleParts,
  weighFloatParts,
} from "./parts";
export { rankRows } from "./ranks";
export { addDoubleRows, addFloatRows } from "./slices";
export { addSignSums, signProducts } from "./sign-blocks";
export { stepFloatRows } from "./steps";
