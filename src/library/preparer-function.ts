import { prepareAsAsked } from "../platform/training/prepare-as-asked.ts";
import { lazyS3Store } from "../storage/lazy-s3.ts";

/** What Lambda calls, with a request of `kofn run --stage`. */
export type PreparerHandler = (
  event: unknown,
  context: { getRemainingTimeInMillis(): number },
) => Promise<void>;

/**
 * The preparer's Lambda handler: reads a spec's data from S3, prepares and encodes them, plans what
 * the spec leaves open, and writes the run's record, so that no row passes through the machine that
 * starts the run. How far it is, and what is wrong, it tells in the store.
 */
export function createPreparerFunction(where: { readonly bucket: string }): PreparerHandler {
  const store = lazyS3Store(where.bucket);
  return (event, context) => prepareAsAsked(store, event, () => context.getRemainingTimeInMillis());
}
