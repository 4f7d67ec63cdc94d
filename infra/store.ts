const personalDataDays = 30;

/**
 * Prepared data, shards, runs and models. TLS only and closed to the public; encrypted with the
 * key that S3 keeps. Personal stages forget after a month, production never.
 */
export const store = new sst.aws.Bucket("Store", {
  enforceHttps: true,
  // No browser reads it.
  cors: false,
  lifecycle:
    $app.removal === "retain"
      ? [{ id: "everything-stays", prefix: "none/", enabled: false, expiresIn: "365 days" }]
      : [{ id: "personal-data", expiresIn: `${personalDataDays} days` }],
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

new aws.s3.BucketServerSideEncryptionConfiguration("StoreEncryption", {
  bucket: store.name,
  rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
});
