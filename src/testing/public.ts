/** What `kofn/testing` gives: contract suites for members of one's own. */
export type { Compressor } from "../compression/compressor.ts";
export { type Random, randomFrom } from "../core/random.ts";
export type { ChunkCode, Encoding } from "../encoding/encoding.ts";
export type { Examples } from "../math/rows.ts";
export type { Optimizer, Searcher, Stepper } from "../optimizers/optimizer.ts";
export type { Clock } from "../ports/clock.ts";
export type { Compute } from "../ports/compute.ts";
export type { Store } from "../ports/store.ts";
export type { Problem } from "../problems/problem.ts";
export { type CompressorUnderTest, testCompressor } from "./compressor.ts";
export {
  type ComputeUnderTest,
  type ContractReply,
  type ContractTask,
  performContractTask,
  testCompute,
} from "./compute.ts";
export { type EncodingUnderTest, testEncoding } from "./encoding.ts";
export type { TestRunner } from "./laws.ts";
export { type OptimizerUnderTest, settlingRounds, testOptimizer } from "./optimizer.ts";
export { type ProblemUnderTest, testProblem } from "./problem.ts";
export { type StoreUnderTest, testStore } from "./store.ts";
