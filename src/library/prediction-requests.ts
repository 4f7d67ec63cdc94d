import { RunError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import type { Model } from "./model-in-hand.ts";
import type { RowSource } from "./row-source.ts";

/** What is asked of a predictor over HTTP, whoever took the request. */
export interface PredictionRequest {
  readonly method: string;
  readonly path: string;
  /** Empty where there is none. */
  readonly contentType: string;
  /** Read where it is needed; null where it is too long. */
  body(): Promise<Uint8Array | null>;
}

/** A status of HTTP and what is sent as JSON. */
export interface PredictionAnswer {
  readonly status: number;
  readonly body: object;
}

/**
 * Answers `GET /` with what the model is, and `POST /predict` with predictions for the rows in its
 * body. What is wrong with a request is an answer with a remedy; what is wrong with rows is thrown.
 */
export async function answerPrediction(
  model: Model,
  { method, path, contentType, body }: PredictionRequest,
): Promise<PredictionAnswer> {
  const { run, columns, classes, example } = model;
  if (method === "GET" && path === "/")
    return { status: 200, body: { run, columns, classes, example } };
  if (path !== "/predict")
    return remedied(404, `there is nothing at ${path}`, "POST rows to /predict; GET / tells more");
  if (method !== "POST")
    return remedied(405, `${method}: expected POST`, "POST rows as JSON to /predict");
  if (!/^application\/json\b/i.test(contentType))
    return remedied(415, "the rows are not JSON", "send them with content-type: application/json");
  const bytes = await body();
  if (bytes === null) return remedied(413, "the body is too long", "send fewer rows at a time");
  const rows = rowsIn(parseJson<unknown>(bytes, "the request"));
  if (rows === null)
    return remedied(400, "there are no rows", 'send [{...}, ...] or { "rows": [{...}, ...] }');
  return { status: 200, body: { predictions: await model.predict(rows) } };
}

/** An array of rows, or that of `{ "rows": [...] }`; null where there is none. */
export function rowsIn(body: unknown): RowSource | null {
  const rows = Array.isArray(body) ? body : (body as { rows?: unknown } | null)?.rows;
  return Array.isArray(rows) ? rows : null;
}

export function remedied(status: number, error: string, hint: string): PredictionAnswer {
  return { status, body: { error, hint } };
}

/** A fault of ours is told as one, and nothing of it but that. */
export function refusedPrediction(thrown: unknown): PredictionAnswer {
  if (thrown instanceof RunError) return remedied(400, thrown.message, thrown.hint ?? "");
  return remedied(500, "a fault in kofn", "its log says more");
}
