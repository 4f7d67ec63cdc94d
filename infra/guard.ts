import { functions } from "../src/limits.ts";
import type { Settings } from "./settings.ts";

const alarmPercent = 80;

/** Where kofn's dollars go, by their names in the bill. */
const services = ["AWS Lambda", "Amazon Simple Storage Service", "AmazonCloudWatch"];

/**
 * What is spent in a month: told by mail at four fifths, and stopped at the whole by taking all
 * concurrency from the workers and the orchestrator. Whatever runs ends within its time-out,
 * nothing starts, until `kofn restore` gives the concurrency back: deploying again does not, as it
 * does not look for what has changed. A tag counts only once it was activated as one for costs;
 * until then a budget by tag sees nothing, so that the account's spending counts where not told
 * otherwise.
 */
export function makeGuard(settings: Settings, guarded: readonly sst.aws.Function[]) {
  const { prefix, bundles } = settings;
  const alarm = new sst.aws.SnsTopic(`${prefix}BudgetAlarm`);
  const killSwitch = new sst.aws.Function(`${prefix}KillSwitch`, {
    bundle: `${bundles}/kill-switch`,
    handler: "kill-switch.handler",
    runtime: functions.runtime,
    architecture: functions.orchestrator.architecture,
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
  makeBudget(settings, alarm);
  return killSwitch;
}

function makeBudget(
  { prefix, monthlyUsd, alarmEmail, budgetOf }: Settings,
  alarm: sst.aws.SnsTopic,
): void {
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
    costFilters: [
      budgetOf === "app"
        ? { name: "TagKeyValue", values: [`user:sst:app$${$app.name}`] }
        : { name: "Service", values: services },
    ],
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
}
