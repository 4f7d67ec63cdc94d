import { transformer } from "../sentences/model.ts";

/** Two blocks: a first stage with the table, a last one with the head, and one between. */
export default transformer({ vocabulary: 32, length: 32, width: 16, heads: 2, blocks: 2 });
