import { createPredictorFunction } from "../src/library/predictor-function.ts";

export const handler = createPredictorFunction({
  bucket: process.env.KOFN_BUCKET ?? "kofn",
  name: process.env.KOFN_PREDICT ?? "",
});
