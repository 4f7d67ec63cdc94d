import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { beforeAll, describe, expect, test } from "vitest";
import { type Rehearsal, rehearse } from "../../scripts/rehearsal/rehearse.ts";
import {
  deployedModule,
  deployedPath,
  functionsOf,
  rolesModule,
  rolesOf,
  rolesPath,
} from "../../scripts/rehearsal/write-deployed.ts";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { awsLambda, functions } from "../../src/limits.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { temporaryHome } from "../scenarios/workplace.ts";
import { accountTests, productionOfItsOwn } from "./accounts.ts";
import {
  changedInfra,
  everything,
  named,
  ofType,
  rehearsed,
  statementsOf,
  whyNoPlatform,
} from "./deployment.ts";

const root = join(import.meta.dirname, "../..");
const missing = await whyNoPlatform();
if (missing !== null) console.log(missing);

describe.skipIf(missing !== null)("what a deployment asks of an account", accountTests);

describe.skipIf(missing !== null)("a deployment, rehearsed with SST's own components", () => {
  let personal: Rehearsal;
  let production: Rehearsal;
  beforeAll(async () => {
    const both = [rehearsed("someone", everything), rehearsed(...productionOfItsOwn)] as const;
    [personal, production] = await Promise.all(both);
  });

  test("the worker: one tenant an environment, sized by src/limits.ts, bounded", () => {
    expect(named(personal, "WorkerFunction")).toMatchObject({
      tenancyConfig: { tenantIsolationMode: "PER_TENANT" },
      memorySize: functions.worker.memoryMb,
      timeout: functions.worker.timeoutMs / 1000,
      runtime: functions.runtime,
      architectures: [functions.worker.architecture],
      handler: "worker.handler",
      // So that a run goes on with the version that it began with.
      publish: true,
    });
    expect(named(personal, "WorkerEventInvokeConfig")).toMatchObject({ maximumRetryAttempts: 0 });
  });

  test("the worker for networks: as the worker, with another bundle, nothing reserved", () => {
    const network = named(personal, "NetworkWorkerFunction");
    expect(network).toMatchObject({
      tenancyConfig: { tenantIsolationMode: "PER_TENANT" },
      memorySize: functions.worker.memoryMb,
      timeout: functions.worker.timeoutMs / 1000,
      handler: "network-worker.handler",
      publish: true,
    });
    expect(network.reservedConcurrentExecutions).toBeUndefined();
    const { variables } = named(personal, "OrchestratorFunction").environment as {
      variables: Record<string, string>;
    };
    expect(variables.KOFN_NETWORK_WORKER).toBe(`${network.name}:1`);
  });

  test("the orchestrator: durable, the longest time-out, safe to start again", () => {
    const orchestrator = named(personal, "OrchestratorFunction");
    expect(orchestrator).toMatchObject({
      durableConfig: { executionTimeout: 7 * 24 * 3600, retentionPeriod: 14 },
      memorySize: functions.orchestrator.memoryMb,
      timeout: awsLambda.timeoutMsMax / 1000,
      runtime: functions.runtime,
      architectures: [functions.worker.architecture],
      publish: true,
    });
    expect(orchestrator).not.toHaveProperty("tenancyConfig");
    const { variables } = orchestrator.environment as { variables: Record<string, string> };
    expect(variables.KOFN_WORKER).toBe(`${named(personal, "WorkerFunction").name}:1`);
  });

  test("the roles whose permissions are tested are the deployed ones", () => {
    expect(exported(readFileSync(rolesPath, "utf8"))).toEqual(
      exported(rolesModule(rolesOf(personal))),
    );
    for (const role of ofType(personal, "aws:iam/role:Role"))
      for (const { effect, actions, resources } of statementsOf(personal, role.name)) {
        expect(effect).toBe("Allow");
        expect(actions.filter((action) => action.includes("*"))).toEqual([]);
        expect(resources).not.toContain("*");
      }
    const arn = (name: string) => `arn:aws:lambda:us-east-1:123456789012:function:${name}Function`;
    expect(statementsOf(personal, "KillSwitchRole")).toEqual([
      {
        effect: "Allow",
        actions: ["lambda:PutFunctionConcurrency"],
        resources: ["Worker", "NetworkWorker", "Orchestrator", "Preparer", "Predictor"].map(arn),
      },
    ]);
    expect(statementsOf(personal, "OrchestratorRole")).toContainEqual({
      effect: "Allow",
      actions: ["lambda:InvokeFunction"],
      resources: ["Worker", "NetworkWorker"].flatMap((name) => [arn(name), `${arn(name)}:*`]),
    });
  });

  test("roles have the platform's logging policy, and the durable one where it is due", () => {
    const basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    const durable = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy";
    const managed = (role: string) => named(personal, role).managedPolicyArns;
    expect(managed("WorkerRole")).toEqual([basic]);
    expect(managed("NetworkWorkerRole")).toEqual([basic]);
    expect(managed("KillSwitchRole")).toEqual([basic]);
    expect(managed("OrchestratorRole")).toEqual([basic, durable]);
  });

  test("the bucket: closed, encrypted, TLS only, leftovers swept, no browser", () => {
    expect(named(personal, "StorePublicAccessBlock")).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(named(personal, "StoreEncryption")).toMatchObject({
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
    const { policy } = named(personal, "StorePolicy") as { policy: string };
    expect(JSON.parse(policy).statements).toContainEqual(
      expect.objectContaining({
        effect: "Deny",
        actions: ["s3:*"],
        conditions: [{ test: "Bool", variable: "aws:SecureTransport", values: ["false"] }],
      }),
    );
    expect(named(personal, "StoreLifecycle").rules).toEqual([
      expect.objectContaining({ id: "personal-data", expiration: { days: 30 } }),
      expect.objectContaining({
        id: "unfinished-uploads",
        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      }),
    ]);
    expect(ofType(personal, "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration")).toEqual([]);
  });

  test("production forgets nothing; only unfinished uploads are swept", () => {
    const { rules } = named(production, "StoreLifecycle") as { rules: { status: string }[] };
    expect(rules.filter(({ status }) => status === "Enabled")).toEqual([
      expect.objectContaining({ id: "unfinished-uploads" }),
    ]);
  });

  test("logs are kept for a month, in groups of their own", () => {
    const groups = ofType(personal, "aws:cloudwatch/logGroup:LogGroup");
    expect(groups.map(({ inputs }) => inputs.retentionInDays)).toEqual([30, 30, 30, 30, 30, 30]);
  });

  test("a budget that is spent throws the kill switch", () => {
    expect(named(personal, "Budget")).toMatchObject({
      limitAmount: "50",
      timeUnit: "MONTHLY",
      notifications: [
        { notificationType: "FORECASTED", subscriberEmailAddresses: ["someone@example.org"] },
        { notificationType: "ACTUAL", threshold: 100 },
      ],
    });
    const { endpoint } = ofType(personal, "aws:sns/topicSubscription:TopicSubscription")[0]!.inputs;
    expect(endpoint).toBe("arn:aws:lambda:us-east-1:123456789012:function:KillSwitchFunction");
  });

  test("versions are pinned: SST's exactly, and the provider's", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(devDependencies.sst).toMatch(/^\d+\.\d+\.\d+$/);
    const config = readFileSync(join(root, "sst.config.ts"), "utf8");
    const provider = JSON.parse(
      readFileSync(join(root, ".sst/platform/node_modules/@pulumi/aws/package.json"), "utf8"),
    );
    expect(config).toContain(`aws: { version: "${provider.version}" }`);
  });

  test("the emulator's functions are the deployed ones: `npm run infra` writes them", () => {
    const written = readFileSync(deployedPath, "utf8");
    expect(exported(written)).toEqual(exported(deployedModule(functionsOf(personal))));
  });

  test("memory changed in infra/ is the memory that a function sees in the emulator", async () => {
    await using infra = await changedInfra("worker.ts", "memory: `$", 'memory: "3008 MB", // $');
    const { worker } = functionsOf(await rehearse("someone", { infra: infra.path }));
    expect(worker!.memoryMb).toBe(3008);
    await using home = await temporaryHome();
    const emulator = await startEmulator({
      home: home.path,
      functions: {
        echo: {
          ...worker!,
          directory: join(root, "test/fixtures/lambda"),
          handler: "memory.handler",
          tenancy: "PER_TENANT",
          architecture: "arm64",
        },
      },
    });
    try {
      const client = lambdaClient(accessTo(emulator.environment).lambda);
      const { Payload: payload } = await client.send(
        new InvokeCommand({ FunctionName: "echo", TenantId: "7", Payload: Buffer.from("{}") }),
      );
      client.destroy();
      expect(JSON.parse(Buffer.from(payload!).toString())).toEqual({ memoryMb: "3008" });
    } finally {
      await emulator.close();
    }
  });

  test("infra/ type-checks against SST's own types, and a wrong property would not", async () => {
    await using place = await temporaryHome();
    const wrong = join(place.path, "wrong.ts");
    writeFileSync(wrong, 'new sst.aws.Function("Wrong", { handler: "a.b", memroy: "1 GB" });');
    const config = join(place.path, "tsconfig.json");
    const include = ["sst.config.ts", "infra", "scripts/rehearsal/entry.ts"].map((path) =>
      join(root, path),
    );
    include.push(join(root, "scripts/rehearsal/modules.d.ts"), wrong);
    writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.infra.json"), include }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const args = [tsc, "-p", config];
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    expect(stdout.trim().split("\n")).toEqual([
      expect.stringMatching(/wrong\.ts.*Did you mean to write 'memory'/),
    ]);
  });
});

/** What a module made by `npm run infra` exports. */
function exported(text: string): unknown {
  const from = text.indexOf("{", text.indexOf("export const"));
  const json = text
    .slice(from, text.indexOf("\n} as const", from) + 2)
    .replace(/([{,]\s*)(\w+):/g, '$1"$2":')
    .replace(/,(\s*[}\]])/g, "$1");
  return JSON.parse(json);
}
