// Made by `npm run infra` from a rehearsed deployment: edit `infra/`, not this.
import type { Statement } from "../../emulator/iam/policy.ts";

/** What each deployed function's role allows, on the emulator's bucket and functions. */
export const deployedRoles = {
  killSwitch: [
    {
      effect: "Allow",
      actions: ["lambda:PutFunctionConcurrency"],
      resources: [
        "arn:aws:lambda:us-east-1:000000000000:function:worker",
        "arn:aws:lambda:us-east-1:000000000000:function:network-worker",
        "arn:aws:lambda:us-east-1:000000000000:function:orchestrator",
        "arn:aws:lambda:us-east-1:000000000000:function:preparer",
        "arn:aws:lambda:us-east-1:000000000000:function:predictor",
      ],
    },
  ],
  networkWorker: [
    {
      effect: "Allow",
      actions: ["s3:GetObject"],
      resources: [
        "arn:aws:s3:::kofn/parts/*",
        "arn:aws:s3:::kofn/encoded/*",
        "arn:aws:s3:::kofn/networks/*",
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/objects/*",
        "arn:aws:s3:::kofn/runs/*/model/*",
        "arn:aws:s3:::kofn/runs/*/memory/*",
        "arn:aws:s3:::kofn/runs/*/round/*",
        "arn:aws:s3:::kofn/runs/*/ledger/*",
        "arn:aws:s3:::kofn/secrets/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:ListBucket"],
      resources: ["arn:aws:s3:::kofn"],
      conditions: [
        {
          test: "StringLike",
          values: [
            "parts/*",
            "encoded/*",
            "networks/*",
            "runs/*/carried/*",
            "runs/*/objects/*",
            "runs/*/model/*",
            "runs/*/memory/*",
            "runs/*/round/*",
            "runs/*/ledger/*",
            "secrets/*",
          ],
          variable: "s3:prefix",
        },
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:PutObject"],
      resources: [
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/objects/*",
        "arn:aws:s3:::kofn/runs/*/model/*",
        "arn:aws:s3:::kofn/runs/*/memory/*",
        "arn:aws:s3:::kofn/runs/*/round/*",
        "arn:aws:s3:::kofn/runs/*/ledger/*",
        "arn:aws:s3:::kofn/secrets/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:AbortMultipartUpload"],
      resources: [
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/objects/*",
        "arn:aws:s3:::kofn/runs/*/model/*",
        "arn:aws:s3:::kofn/runs/*/memory/*",
        "arn:aws:s3:::kofn/runs/*/round/*",
        "arn:aws:s3:::kofn/secrets/*/sums/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:DeleteObject"],
      resources: ["arn:aws:s3:::kofn/runs/*/memory/*", "arn:aws:s3:::kofn/secrets/*/sums/*"],
    },
  ],
  orchestrator: [
    {
      effect: "Allow",
      actions: ["s3:GetObject"],
      resources: [
        "arn:aws:s3:::kofn/parts/*",
        "arn:aws:s3:::kofn/encoded/*",
        "arn:aws:s3:::kofn/prepared/*",
        "arn:aws:s3:::kofn/networks/*",
        "arn:aws:s3:::kofn/runs/*",
        "arn:aws:s3:::kofn/spending/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:ListBucket"],
      resources: ["arn:aws:s3:::kofn"],
      conditions: [
        {
          test: "StringLike",
          values: [
            "parts/*",
            "encoded/*",
            "prepared/*",
            "networks/*",
            "runs/*",
            "spending/*",
            "secrets/*/sums/*",
          ],
          variable: "s3:prefix",
        },
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:PutObject"],
      resources: [
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/events/*",
        "arn:aws:s3:::kofn/runs/*/state.safetensors",
        "arn:aws:s3:::kofn/runs/*/model.safetensors",
        "arn:aws:s3:::kofn/runs/*/orchestrators/*",
        "arn:aws:s3:::kofn/runs/*/orchestrator.json",
        "arn:aws:s3:::kofn/runs/*/budget.json",
        "arn:aws:s3:::kofn/runs/*/evaluation.json",
        "arn:aws:s3:::kofn/runs/*/result.json",
        "arn:aws:s3:::kofn/spending/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:AbortMultipartUpload"],
      resources: [
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/events/*",
        "arn:aws:s3:::kofn/runs/*/state.safetensors",
        "arn:aws:s3:::kofn/runs/*/model.safetensors",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:DeleteObject"],
      resources: [
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/objects/*",
        "arn:aws:s3:::kofn/runs/*/model/*",
        "arn:aws:s3:::kofn/runs/*/memory/*",
        "arn:aws:s3:::kofn/runs/*/events/*",
        "arn:aws:s3:::kofn/secrets/*/sums/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["lambda:InvokeFunction"],
      resources: [
        "arn:aws:lambda:us-east-1:000000000000:function:worker",
        "arn:aws:lambda:us-east-1:000000000000:function:worker:*",
        "arn:aws:lambda:us-east-1:000000000000:function:network-worker",
        "arn:aws:lambda:us-east-1:000000000000:function:network-worker:*",
      ],
    },
  ],
  predictor: [
    {
      effect: "Allow",
      actions: ["s3:GetObject"],
      resources: ["arn:aws:s3:::kofn/predictors/prices.safetensors"],
    },
  ],
  preparer: [
    {
      effect: "Allow",
      actions: ["s3:GetObject"],
      resources: [
        "arn:aws:s3:::kofn/parts/*",
        "arn:aws:s3:::kofn/encoded/*",
        "arn:aws:s3:::kofn/prepared/*",
        "arn:aws:s3:::kofn/networks/*",
        "arn:aws:s3:::kofn/runs/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:ListBucket"],
      resources: ["arn:aws:s3:::kofn"],
      conditions: [
        {
          test: "StringLike",
          values: ["parts/*", "encoded/*", "prepared/*", "networks/*", "runs/*"],
          variable: "s3:prefix",
        },
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:PutObject"],
      resources: [
        "arn:aws:s3:::kofn/parts/*",
        "arn:aws:s3:::kofn/encoded/*",
        "arn:aws:s3:::kofn/prepared/*",
        "arn:aws:s3:::kofn/networks/*",
        "arn:aws:s3:::kofn/runs/*/run.json",
        "arn:aws:s3:::kofn/runs/*/preparation.json",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:GetObject"],
      resources: ["arn:aws:s3:::measurements/2026/*"],
    },
    {
      effect: "Allow",
      actions: ["s3:ListBucket"],
      resources: ["arn:aws:s3:::measurements"],
      conditions: [
        {
          test: "StringLike",
          values: ["2026/*"],
          variable: "s3:prefix",
        },
      ],
    },
  ],
  worker: [
    {
      effect: "Allow",
      actions: ["s3:GetObject"],
      resources: [
        "arn:aws:s3:::kofn/parts/*",
        "arn:aws:s3:::kofn/encoded/*",
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/objects/*",
        "arn:aws:s3:::kofn/runs/*/model/*",
        "arn:aws:s3:::kofn/runs/*/memory/*",
        "arn:aws:s3:::kofn/runs/*/round/*",
        "arn:aws:s3:::kofn/runs/*/ledger/*",
        "arn:aws:s3:::kofn/secrets/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:ListBucket"],
      resources: ["arn:aws:s3:::kofn"],
      conditions: [
        {
          test: "StringLike",
          values: [
            "parts/*",
            "encoded/*",
            "runs/*/carried/*",
            "runs/*/objects/*",
            "runs/*/model/*",
            "runs/*/memory/*",
            "runs/*/round/*",
            "runs/*/ledger/*",
            "secrets/*",
          ],
          variable: "s3:prefix",
        },
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:PutObject"],
      resources: [
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/objects/*",
        "arn:aws:s3:::kofn/runs/*/model/*",
        "arn:aws:s3:::kofn/runs/*/memory/*",
        "arn:aws:s3:::kofn/runs/*/round/*",
        "arn:aws:s3:::kofn/runs/*/ledger/*",
        "arn:aws:s3:::kofn/secrets/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:AbortMultipartUpload"],
      resources: [
        "arn:aws:s3:::kofn/runs/*/carried/*",
        "arn:aws:s3:::kofn/runs/*/objects/*",
        "arn:aws:s3:::kofn/runs/*/model/*",
        "arn:aws:s3:::kofn/runs/*/memory/*",
        "arn:aws:s3:::kofn/runs/*/round/*",
        "arn:aws:s3:::kofn/secrets/*/sums/*",
      ],
    },
    {
      effect: "Allow",
      actions: ["s3:DeleteObject"],
      resources: ["arn:aws:s3:::kofn/runs/*/memory/*", "arn:aws:s3:::kofn/secrets/*/sums/*"],
    },
  ],
} as const satisfies Record<string, readonly Statement[]>;
