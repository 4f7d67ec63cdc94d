/** What a worker reads apart from runs: its rows, coded beforehand or by itself. */
const data = ["parts/*", "encoded/*"];
/** What a worker keeps of a run: large arrays, memories, what is published, and the ledgers. */
const kept = [
  "runs/*/carried/*",
  "runs/*/objects/*",
  "runs/*/model/*",
  "runs/*/memory/*",
  "runs/*/round/*",
  "runs/*/ledger/*",
];
const secrets = "secrets/*";
const sums = "secrets/*/sums/*";
/** What an orchestrator writes of a run: of ledgers and messages it only reads. */
const large = [
  "runs/*/carried/*",
  "runs/*/events/*",
  "runs/*/state.safetensors",
  "runs/*/model.safetensors",
];
/** What is gone when the run is over, whoever wrote it. */
const passing = ["runs/*/carried/*", "runs/*/objects/*", "runs/*/memory/*"];
const small = [
  "runs/*/orchestrators/*",
  "runs/*/orchestrator.json",
  "runs/*/evaluation.json",
  "runs/*/result.json",
];

/** A worker's permissions; `more` is what one kind of worker reads besides. */
export function workerPermissions(store: sst.aws.Bucket, more: readonly string[] = []) {
  const { on, visible } = permissionsOn(store);
  const read = [...data, ...more, ...kept, secrets];
  return [
    on(["s3:GetObject"], read),
    visible(read),
    on(["s3:PutObject"], [...kept, secrets]),
    // Only what may be large is sent in parts; ledgers and secrets never are.
    on(["s3:AbortMultipartUpload"], [...kept.filter((path) => !path.includes("ledger")), sums]),
    on(["s3:DeleteObject"], ["runs/*/memory/*", sums]),
  ];
}

/** The orchestrator's permissions: it reads all but secrets, and of these only removes sums. */
export function orchestratorPermissions(
  store: sst.aws.Bucket,
  workers: readonly sst.aws.Function[],
) {
  const { on, visible } = permissionsOn(store);
  const read = [...data, "prepared/*", "networks/*", "runs/*"];
  return [
    on(["s3:GetObject"], read),
    visible([...read, sums]),
    on(["s3:PutObject"], [...large, ...small]),
    on(["s3:AbortMultipartUpload"], large),
    on(["s3:DeleteObject"], [...passing, "runs/*/events/*", sums]),
    { actions: ["lambda:InvokeFunction"], resources: workers.map(({ arn }) => arn) },
  ];
}

function permissionsOn(store: sst.aws.Bucket) {
  const on = (actions: string[], paths: readonly string[]) => ({
    actions,
    resources: paths.map((path) => $interpolate`${store.arn}/${path}`),
  });
  /**
   * Leave to list below these prefixes, and to be told that an object there does not exist:
   * whoever may not list a key is answered 403 for an absent one, never 404.
   */
  const visible = (values: string[]) => ({
    actions: ["s3:ListBucket"],
    resources: [store.arn],
    conditions: [{ test: "StringLike", variable: "s3:prefix", values }],
  });
  return { on, visible };
}
