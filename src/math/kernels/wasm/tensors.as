/** Where the module's own tables end. */
export const tablesEnd: usize = __heap_base;

export { orderFloatRows } from "./float-rows";
export { tightProduct } from "./matrices";
export { addPoolSlopes } from "./pools";
