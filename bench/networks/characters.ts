import { transformer } from "../../examples/sentences/model.ts";

/** One block over 32 characters of a text that has 65. */
export default transformer({ vocabulary: 65, length: 32, width: 32, heads: 4, blocks: 1 });
