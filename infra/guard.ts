import { functions } from "../src/limits.ts";
import { orchestrator } from "./orchestrator.ts";
import { worker } from "./worker.ts";

const monthlyUsd = Number(process.env.KOFN_BUDGET_USD ?? 50);
const alarmShare = 0.8;

const alarm = new sst.aws.SnsTopic("BudgetAlarm");

/**
 * Takes all concurrency from worker and orchestrator: whatever runs ends within its time-out, and
 * nothing starts. Deploying again gives it back.
 */
export const killSwitch = new sst.aws.Function("KillSwitch", {
  bundle: "dist/functions-bundled/kill-switch",
  handler: "kill-switch.handler",
  runtime: functions.runtime,
  architecture: functions.architecture,
  memory: "256 MB",
  timeout: "30 seconds",
  dev: false,
  logging: { format: "json", retention: "1 month" },
  environment: { KOFN_FUNCTIONS: $interpolate`${worker.name},${orchestrator.name}` },
  permissions: [
    {
      actions: ["lambda:PutFunctionConcurrency"],
      resources: [worker.arn, orchestrator.arn],
    },
  ],
});
alarm.subscribe("KillSwitchAtBudget", killSwitch.arn);

new aws.sns.TopicPolicy("BudgetMayAlarm", {
  arn: alarm.arn,
  policy: aws.iam.getPolicyDocumentOutput({
    statements: [
      {
        actions: ["sns:Publish"],
        principals: [{ type: "Service", identifiers: ["budgets.amazonaws.com"] }],
        resources: [alarm.arn],
      },
    ],
  }).json,
});

/** What this app spends in a month, by its tag: told at four fifths, stopped at the whole. */
new aws.budgets.Budget("Budget", {
  budgetType: "COST",
  limitAmount: String(monthlyUsd),
  limitUnit: "USD",
  timeUnit: "MONTHLY",
  costFilters: [{ name: "TagKeyValue", values: [`user:sst:app$${$app.name}`] }],
  notifications: [
    {
      comparisonOperator: "GREATER_THAN",
      notificationType: "FORECASTED",
      threshold: alarmShare * 100,
      thresholdType: "PERCENTAGE",
      subscriberEmailAddresses: emails(),
    },
    {
      comparisonOperator: "GREATER_THAN",
      notificationType: "ACTUAL",
      threshold: 100,
      thresholdType: "PERCENTAGE",
      subscriberSnsTopicArns: [alarm.arn],
    },
  ].filter(
    ({ subscriberEmailAddresses, subscriberSnsTopicArns }) =>
      subscriberEmailAddresses?.length !== 0 || subscriberSnsTopicArns !== undefined,
  ),
});

function emails(): string[] {
  const given = process.env.KOFN_BUDGET_EMAIL;
  return given === undefined || given === "" ? [] : [given];
}
