import type { Settings } from "./settings.ts";

const personalDataDays = 30;

/**
 * Prepared data, shards, runs and models. TLS only and closed to the public; encrypted with the
 * key that S3 keeps. Personal stages forget after a month, those whose removal retains never.
 */
export function makeStore({ prefix }: Settings) {
  const store = new sst.aws.Bucket(`${prefix}Store`, {
    enforceHttps: true,
    // No browser reads it.
    cors: false,
    lifecycle:
      $app.removal === "remove"
        ? [{ id: "personal-data", expiresIn: `${personalDataDays} days` }]
        : [{ id: "everything-stays", prefix: "none/", enabled: false, expiresIn: "365 days" }],
    transform: {
      lifecycle(args) {
        // An upload that a dead function left half done is paid for and seen nowhere.
        const leftovers = {
          id: "unfinished-uploads",
          status: "Enabled",
          filter: { prefix: "" },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        };
        args.rules = $output(args.rules).apply((rules) => [...(rules ?? []), leftovers]);
      },
    },
  });
  new aws.s3.BucketServerSideEncryptionConfiguration(`${prefix}StoreEncryption`, {
    bucket: store.name,
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  return store;
}
