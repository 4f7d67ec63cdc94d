import { createPreparerFunction } from "../src/library/preparer-function.ts";

export const handler = createPreparerFunction({ bucket: process.env.KOFN_BUCKET ?? "kofn" });
