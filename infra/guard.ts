import { functions } from "../src/limits.ts";
import type { Settings } from "./kofn.ts";

const alarmPercent = 80;

/**
 * What this app spends in a month, by its tag: told by mail at four fifths, and stopped at the
 * whole by taking all concurrency from worker and orchestrator. Whatever runs ends within its
 * time-out, nothing starts; deploying again gives the concurrency back.
 */
export function makeGuard(
  { prefix, bundles, monthlyUsd, alarmEmail }: Settings,
  guarded: readonly sst.aws.Function[],
) {
  const alarm = new sst.aws.SnsTopic(`${prefix}BudgetAlarm`);
  const killSwitch = new sst.aws.Function(`${prefix}KillSwitch`, {
    bundle: `${bundles}/kill-switch`,
    handler: "kill-switch.handler",
    runtime: functions.runtime,
    architecture: functions.architecture,
    memory: "256 MB",
    timeout: "30 seconds",
    dev: false,
    logging: { format: "json", retention: "1 month" },
    environment: { KOFN_FUNCTIONS: $resolve(guarded.map(({ name }) => name)).apply(String) },
    permissions: [
      {
        actions: ["lambda:PutFunctionConcurrency"],
        resources: guarded.map(({ arn }) => arn),
      },
    ],
  });
  alarm.subscribe("KillSwitchAtBudget", killSwitch.arn);
  new aws.sns.TopicPolicy(`${prefix}BudgetMayAlarm`, {
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
  const spent = { comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE" };
  const mail = {
    ...spent,
    notificationType: "FORECASTED",
    threshold: alarmPercent,
    subscriberEmailAddresses: [alarmEmail ?? ""],
  };
  new aws.budgets.Budget(`${prefix}Budget`, {
    budgetType: "COST",
    limitAmount: String(monthlyUsd),
    limitUnit: "USD",
    timeUnit: "MONTHLY",
    costFilters: [{ name: "TagKeyValue", values: [`user:sst:app$${$app.name}`] }],
    notifications: [
      ...(alarmEmail === undefined ? [] : [mail]),
      {
        ...spent,
        notificationType: "ACTUAL",
        threshold: 100,
        subscriberSnsTopicArns: [alarm.arn],
      },
    ],
  });
  return killSwitch;
}
