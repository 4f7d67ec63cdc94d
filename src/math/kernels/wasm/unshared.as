/** Where the module's own tables end. */
export const tablesEnd: usize = __heap_base;

export { addDoubleRows, addFloatRows } from "./slices";
