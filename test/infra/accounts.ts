import { beforeAll, expect, test } from "vitest";
import { settingsFrom } from "../../infra/settings.ts";
import type { Rehearsal } from "../../scripts/rehearsal/rehearse.ts";
import { functions } from "../../src/limits.ts";
import { findDeployment } from "../../src/platform/cloud/deployment.ts";
import { everything, named, ofType, rehearsed, statementsOf } from "./deployment.ts";

/**
 * Whether Lambda grants these deployments' reservations: what is left for functions without one
 * must not fall below 100, or below the whole limit of an account that has less, as AWS's refusals
 * say ("below its minimum value of [10]", "[50]", "[100]").
 */
function grants(limit: number, deployments: readonly Rehearsal[]): boolean {
  const reserved = deployments
    .flatMap((deployment) => ofType(deployment, "aws:lambda/function:Function"))
    .reduce((sum, { inputs }) => sum + Number(inputs.reservedConcurrentExecutions ?? 0), 0);
  return reserved === 0 || limit - reserved >= Math.min(100, limit);
}

/** A stage that keeps everything, with a reservation, and a budget of what its tag is on. */
export const productionOfItsOwn = [
  "production",
  settingsFrom({ KOFN_CONCURRENCY: "900", KOFN_BUDGET_OF: "app" }),
] as const;

/** What a deployment asks of an account, beside the other tests of what it asks for. */
export function accountTests(): void {
  let plain: Rehearsal;
  let reserving: Rehearsal;
  beforeAll(async () => {
    [plain, reserving] = await Promise.all([
      rehearsed("someone", everything),
      rehearsed(...productionOfItsOwn),
    ]);
  });

  test("what a deployment says is what a stage's users read, own members too", () => {
    const read = ({ outputs }: Rehearsal) =>
      findDeployment(String(outputs.stage), { SST_RESOURCE_Kofn: JSON.stringify(outputs) });
    expect(read(plain)).toMatchObject({ stage: "someone", members: ["mine"], dailyUsd: 50 });
    expect(read(reserving).members).toBeUndefined();
  });

  test("the predictor: only where a model is named; one object to read, signed requests", () => {
    const names = (one: Rehearsal) =>
      ofType(one, "aws:lambda/function:Function").map(({ name }) => name);
    expect(names(reserving)).not.toContain("PredictorFunction");
    expect(named(plain, "PredictorFunction")).toMatchObject({
      memorySize: functions.predictor.memoryMb,
      timeout: functions.predictor.timeoutMs / 1000,
      handler: "predictor.handler",
    });
    expect(statementsOf(plain, "PredictorRole")).toEqual([
      {
        effect: "Allow",
        actions: ["s3:GetObject"],
        resources: ["arn:aws:s3:::StoreBucket/predictors/prices.safetensors"],
      },
    ]);
    const urls = ofType(plain, "aws:lambda/functionUrl:FunctionUrl");
    expect(urls.map(({ inputs }) => inputs.authorizationType)).toEqual(["AWS_IAM"]);
  });

  test("the preparer: only where data buckets are named, which it may read and no other", () => {
    expect(ofType(reserving, "aws:lambda/function:Function").map(({ name }) => name)).not.toContain(
      "PreparerFunction",
    );
    expect(named(plain, "PreparerFunction")).toMatchObject({
      memorySize: functions.preparer.memoryMb,
      timeout: functions.preparer.timeoutMs / 1000,
      ephemeralStorage: { size: functions.preparer.diskGb * 1024 },
      handler: "preparer.handler",
    });
    expect(named(plain, "PreparerEventInvokeConfig")).toMatchObject({ maximumRetryAttempts: 0 });
    const others = statementsOf(plain, "PreparerRole").filter(
      ({ resources = [] }) => !resources.every((one) => one.startsWith("arn:aws:s3:::StoreBucket")),
    );
    expect(others).toEqual([
      {
        effect: "Allow",
        actions: ["s3:GetObject"],
        resources: ["arn:aws:s3:::measurements/2026/*"],
      },
      {
        effect: "Allow",
        actions: ["s3:ListBucket"],
        resources: ["arn:aws:s3:::measurements"],
        conditions: [{ test: "StringLike", variable: "s3:prefix", values: ["2026/*"] }],
      },
    ]);
  });

  test.each([10, 50, 400, 1_000])("a limit of %i grants one stage, and two", (limit) => {
    expect(grants(limit, [plain])).toBe(true);
    expect(grants(limit, [plain, plain])).toBe(true);
  });

  test("the reservation of old is granted to one stage of an old account alone", () => {
    expect(grants(1_000, [reserving])).toBe(true);
    expect(grants(1_000, [reserving, reserving])).toBe(false);
    for (const limit of [10, 50, 400]) expect(grants(limit, [reserving])).toBe(false);
  });

  test("one is asked for where it is set, for the worker, and told to `kofn restore`", () => {
    const asked = ofType(reserving, "aws:lambda/function:Function").filter(
      ({ inputs }) => inputs.reservedConcurrentExecutions !== undefined,
    );
    expect(asked.map(({ name }) => name)).toEqual(["WorkerFunction"]);
    for (const { inputs } of ofType(plain, "aws:lambda/function:Function"))
      expect(inputs.reservedConcurrentExecutions).toBeUndefined();
  });

  test("the budget sees what it counts without a tag that somebody must activate first", () => {
    const filters = (one: Rehearsal) =>
      ofType(one, "aws:budgets/budget:Budget").map(({ inputs }) => inputs.costFilters);
    expect(filters(plain)).toEqual([
      [
        {
          name: "Service",
          values: ["AWS Lambda", "Amazon Simple Storage Service", "AmazonCloudWatch"],
        },
      ],
    ]);
    expect(filters(reserving)).toEqual([[{ name: "TagKeyValue", values: ["user:sst:app$kofn"] }]]);
  });
}
