import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { createBucket, s3Client } from "../../src/storage/s3.ts";
import { temporaryHome } from "../scenarios/workplace.ts";
import { type AwsAnswer, answering, lambdaRefusal, s3Refusal } from "./aws-answers.ts";
import { type Ended, kofnAt } from "./fixtures.ts";

const outputs = { stage: "dev", bucket: "data-of-dev", worker: "w", orchestrator: "o:3" };
const keys = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
/** No variable or profile of whoever runs the tests may answer. */
const nothing = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(AWS|KOFN|SST)_/.test(name))
    .map((name) => [name, undefined]),
);
const files = { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
const usual = { ...keys, AWS_REGION: "eu-west-1", AWS_EC2_METADATA_DISABLED: "true" };

interface Told {
  readonly exit: number;
  readonly says: RegExp;
  readonly remedy: RegExp;
}

const denied =
  "User: arn:aws:sts::123456789012:assumed-role/dev/me is not authorized to perform: " +
  "s3:ListBucket on resource: arn:aws:s3:::data-of-dev because no identity-based policy allows it";

const fromS3: [string, AwsAnswer, Told][] = [
  [
    "another region",
    s3Refusal(301, "PermanentRedirect", "The bucket must be addressed elsewhere."),
    { exit: 2, says: /data-of-dev is in another region/, remedy: /AWS_REGION/ },
  ],
  [
    "a bucket that is gone",
    s3Refusal(404, "NoSuchBucket", "The specified bucket does not exist"),
    { exit: 2, says: /stage dev: its bucket is not there/, remedy: /sst deploy --stage dev/ },
  ],
  [
    "a permission that is missing",
    s3Refusal(403, "AccessDenied", denied),
    {
      exit: 2,
      says: /does not permit s3:ListBucket on arn:aws:s3:::data-of-dev/,
      remedy: /"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::data-of-dev"/,
    },
  ],
  [
    "a permission that is missing, without saying which",
    s3Refusal(403, "AccessDenied", "Access Denied"),
    { exit: 2, says: /does not permit this/, remedy: /"s3:GetObject".*data-of-dev\/\*/ },
  ],
  [
    "expired credentials",
    s3Refusal(400, "ExpiredToken", "The provided token has expired."),
    { exit: 3, says: /credentials have expired/, remedy: /aws sso login.*goes on meanwhile/ },
  ],
  [
    "unknown credentials",
    s3Refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist."),
    { exit: 2, says: /does not know these credentials/, remedy: /get-caller-identity/ },
  ],
  [
    "a wrong clock",
    s3Refusal(403, "RequestTimeTooSkewed", "The difference between the times is too large."),
    { exit: 2, says: /refuses the signature/, remedy: /clock/ },
  ],
  [
    "a busy service",
    s3Refusal(503, "SlowDown", "Please reduce your request rate."),
    { exit: 3, says: /asks to slow down/, remedy: /try again/ },
  ],
];

const fromLambda: [string, AwsAnswer, Told][] = [
  [
    "an orchestrator that is gone",
    lambdaRefusal(404, "ResourceNotFoundException", "Function not found: o:3"),
    { exit: 2, says: /a function of it is not there/, remedy: /deploy again/ },
  ],
  [
    "a quota that is reached",
    lambdaRefusal(429, "TooManyRequestsException", "Rate Exceeded."),
    { exit: 3, says: /Lambda throttles/, remedy: /Service Quotas.*2,500 for each 1,000/ },
  ],
  [
    "no right to invoke",
    lambdaRefusal(
      403,
      "AccessDeniedException",
      "User: me is not authorized to perform: lambda:InvokeFunction on resource: " +
        "arn:aws:lambda:eu-west-1:123456789012:function:o because no policy allows it",
    ),
    { exit: 2, says: /lambda:InvokeFunction/, remedy: /"Action":"lambda:InvokeFunction"/ },
  ],
];

describe("what AWS refuses is reported in words, with a remedy", () => {
  test.each(fromS3)("S3: %s", async (_name, answer, told) => {
    await using place = await project(outputs);
    await using server = await answering(answer);
    const env = { ...usual, AWS_ENDPOINT_URL_S3: server.url, AWS_MAX_ATTEMPTS: "1" };
    expectTold(await kofn(place.path, env, "list", "--stage", "dev"), told);
  });

  test.each(fromLambda)("Lambda: %s", async (_name, answer, told) => {
    await using place = await project(outputs);
    await using server = await answering(answer);
    const emulator = await startEmulator({ home: join(place.path, "cloud"), functions: {} });
    try {
      await createBucket(s3Client(accessTo(emulator.environment).s3), outputs.bucket);
      const env = { ...usual, ...emulator.environment, AWS_ENDPOINT_URL_LAMBDA: server.url };
      expectTold(await kofn(place.path, env, "run", "spec.json", "--stage", "dev"), told);
    } finally {
      await emulator.close();
    }
  });

  test("nobody answers", async () => {
    await using place = await project(outputs);
    const env = { ...usual, AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9" };
    const told = { exit: 3, says: /cannot be reached/, remedy: /network/ };
    expectTold(await kofn(place.path, env, "list", "--stage", "dev"), told);
  });

  test("no credentials, no region", async () => {
    await using place = await project(outputs);
    await using server = await answering(fromS3[0]![1]);
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _key, ...nobody } = usual;
    const { AWS_REGION: _region, ...nowhere } = usual;
    const list = ["list", "--stage", "dev"] as const;
    const none = { ...nobody, AWS_ENDPOINT_URL_S3: server.url };
    expectTold(await kofn(place.path, none, ...list), {
      exit: 2,
      says: /no credentials were found/,
      remedy: /aws sso login/,
    });
    const away = { ...nowhere, AWS_ENDPOINT_URL_S3: server.url };
    expectTold(await kofn(place.path, away, ...list), {
      exit: 2,
      says: /no region is set/,
      remedy: /AWS_REGION/,
    });
  });

  const deployments: [string, object | null, Told][] = [
    [
      "none",
      null,
      { exit: 2, says: /no deployment is known/, remedy: /npx sst deploy --stage dev/ },
    ],
    [
      "another stage's",
      { ...outputs, stage: "production" },
      { exit: 2, says: /is stage production/, remedy: /--stage production/ },
    ],
    [
      "one that lacks something",
      { ...outputs, orchestrator: undefined },
      { exit: 2, says: /orchestrator of the deployment is missing/, remedy: /deploy it/ },
    ],
  ];
  test.each(deployments)("a deployment: %s", async (_name, found, told) => {
    await using place = await project(found);
    expectTold(await kofn(place.path, usual, "list", "--stage", "dev"), told);
  });
});

async function project(found: object | null) {
  const place = await temporaryHome();
  const spec = {
    problem: "ridge",
    data: { generate: { type: "regression", rows: 50, features: 2 } },
    workers: 2,
  };
  writeFileSync(join(place.path, "spec.json"), JSON.stringify(spec));
  mkdirSync(join(place.path, ".sst"));
  if (found !== null) writeFileSync(join(place.path, ".sst/outputs.json"), JSON.stringify(found));
  return place;
}

function kofn(cwd: string, env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const home = join(cwd, "home");
  return kofnAt({ home, cwd, env: { ...nothing, ...files, ...env } }, ...args);
}

function expectTold({ exitCode, err }: Ended, told: Told): void {
  const lines = err.trim().split("\n");
  const [error = "", hint = ""] = lines.slice(-2);
  expect(error).toMatch(/^error: /);
  expect(error).toMatch(told.says);
  expect(hint).toMatch(told.remedy);
  expect(err).not.toContain("    at ");
  expect(exitCode).toBe(told.exit);
}
