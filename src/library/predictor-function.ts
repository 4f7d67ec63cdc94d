import { RunError } from "../core/errors.ts";
import { modelInSafetensors } from "../model-export/safetensors-file.ts";
import type { Store } from "../ports/store.ts";
import { problems } from "../problems/registry.ts";
import { lazyS3Store } from "../storage/lazy-s3.ts";
import { predictorKey } from "../store-layout.ts";
import { type Model, modelInHand } from "./model-in-hand.ts";
import {
  answerPrediction,
  type PredictionAnswer,
  refusedPrediction,
  rowsIn,
} from "./prediction-requests.ts";

/** A request by the function's URL, in the form of version 2.0, as far as it is looked at. */
interface UrlEvent {
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly rawPath: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** What Lambda calls: with a request by the function's URL, or with rows. */
export type PredictorHandler = (event: unknown) => Promise<object>;

/**
 * The predictor's Lambda handler: `kofn serve` as a function, with the model that `kofn export
 * --publish NAME` put into the bucket. An environment reads it once. An invocation with rows, or
 * with `{ "rows": [...] }`, is answered `{ "predictions": [...] }`, and fails where they are wrong;
 * a request by the function's URL is answered as `kofn serve` answers.
 */
export function createPredictorFunction(of: {
  readonly bucket: string;
  readonly name: string;
}): PredictorHandler {
  const store = lazyS3Store(of.bucket);
  let reading: Promise<Model> | null = null;
  const model = async () => {
    reading ??= readPublishedModel(store, of.name);
    try {
      return await reading;
    } catch (thrown) {
      // It may be published later than the function was deployed.
      reading = null;
      throw thrown;
    }
  };
  return async (event) => {
    if (isUrlEvent(event)) return urlReply(await answerTo(model, event));
    const rows = rowsIn(event);
    if (rows !== null) return { predictions: await (await model()).predict(rows) };
    throw new RunError("bad-rows", "the event has no rows", {
      hint: 'invoke it with [{...}, ...] or { "rows": [{...}, ...] }',
    });
  };
}

/** The model that was published under a name. Throws `RunError` where there is none. */
async function readPublishedModel(store: Store, name: string): Promise<Model> {
  const key = predictorKey(name);
  const bytes = await store.read(key).catch((cause: unknown) => {
    // Whoever may not list a bucket is not told that an object is absent.
    if ((cause as { readonly name?: string }).name === "AccessDenied") return null;
    throw cause;
  });
  if (bytes === null)
    throw new RunError("no-model", `${key}: no model is published under this name`, {
      hint: `publish one: kofn export RUN --publish ${name} --stage STAGE`,
    });
  const model = modelInSafetensors(bytes, key);
  await problems.create(model.problem).load?.(async () => model.network);
  return modelInHand(model);
}

function isUrlEvent(event: unknown): event is UrlEvent {
  return (event as Partial<UrlEvent> | null)?.requestContext?.http !== undefined;
}

async function answerTo(model: () => Promise<Model>, event: UrlEvent): Promise<PredictionAnswer> {
  const { requestContext, rawPath, headers = {}, body = "", isBase64Encoded } = event;
  try {
    return await answerPrediction(await model(), {
      method: requestContext.http.method,
      path: rawPath,
      contentType: headers["content-type"] ?? "",
      body: async () => Buffer.from(body, isBase64Encoded === true ? "base64" : "utf8"),
    });
  } catch (thrown) {
    if (!(thrown instanceof RunError)) console.error(thrown);
    return refusedPrediction(thrown);
  }
}

function urlReply({ status, body }: PredictionAnswer): object {
  const headers = { "content-type": "application/json" };
  return { statusCode: status, headers, body: `${JSON.stringify(body)}\n` };
}
