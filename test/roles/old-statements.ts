import type { Statement } from "../../src/emulator/iam/policy.ts";

const bucket = "arn:aws:s3:::kofn";
const readable: Statement = {
  effect: "Allow",
  actions: ["s3:GetObject"],
  resources: ["parts", "prepared", "encoded", "networks", "runs"].map((at) => `${bucket}/${at}/*`),
};
const worker: readonly Statement[] = [
  readable,
  { effect: "Allow", actions: ["s3:PutObject"], resources: [`${bucket}/runs/*/carried/*`] },
];

/** What the roles once allowed: no deployed run left a model. Kept so that the tests still tell. */
export const oldStatements = {
  worker,
  networkWorker: worker,
  orchestrator: [
    readable,
    {
      effect: "Allow",
      actions: ["s3:PutObject", "s3:DeleteObject"],
      resources: [`${bucket}/runs/*`],
    },
    {
      effect: "Allow",
      actions: ["s3:ListBucket"],
      resources: [bucket],
      conditions: [{ test: "StringLike", variable: "s3:prefix", values: ["runs/*"] }],
    },
  ],
} as const satisfies Record<string, readonly Statement[]>;
