import { accountConcurrency, reservedConcurrency } from "../../compute/account-concurrency.ts";
import { lambdaClient } from "../../compute/lambda-client.ts";
import { messageOf, RunError } from "../../core/errors.ts";
import { awsLambda } from "../../limits.ts";
import { rounded } from "../../run/spending.ts";
import { hasBucket, s3Client } from "../../storage/s3.ts";
import { awsFailure } from "../cloud/aws-failures.ts";
import { type Deployment, findDeployment } from "../cloud/deployment.ts";
import { deploymentStore } from "../cloud/deployment-home.ts";
import { dayOf, spendingLedger } from "../cloud/spending-ledger.ts";

/** One thing that was looked at. */
export interface StageFinding {
  readonly what: string;
  readonly works: boolean;
  readonly found: string;
  /** Empty where it works. */
  readonly remedy: string;
}

const askedMsMax = 20_000;

/**
 * What a deployed stage and its account allow: its bucket, how many workers can be at work at once,
 * and what the kill switch took. Throws `RunError` where no stage of that name is deployed.
 */
export async function stageFindings(
  stage: string,
  nowMs = Date.now(),
): Promise<readonly StageFinding[]> {
  const deployment = findDeployment(stage);
  const checks = [
    bucketFinding,
    // Earlier versions deployed no cap.
    ...(deployment.dailyUsd === undefined ? [] : [dailyFindingAt(nowMs)]),
    concurrencyFinding,
    ...functionsOf(deployment).map(reservationOf),
  ];
  const findings: StageFinding[] = [];
  for (const check of checks) findings.push(await attempt(check, deployment));
  return findings;
}

type Check = (deployment: Deployment) => Promise<StageFinding>;

async function attempt(check: Check, deployment: Deployment): Promise<StageFinding> {
  try {
    return await check(deployment);
  } catch (thrown) {
    const failure = awsFailure(thrown, deployment);
    const remedy = (failure instanceof RunError && failure.hint) || "see the message";
    return { what: `stage ${deployment.stage}`, works: false, found: messageOf(failure), remedy };
  }
}

async function bucketFinding({ stage, bucket }: Deployment): Promise<StageFinding> {
  const client = s3Client();
  try {
    const works = await hasBucket(client, bucket, AbortSignal.timeout(askedMsMax));
    return {
      what: "bucket",
      works,
      found: works ? `${bucket} answers` : `${bucket} is not there, or not for these credentials`,
      remedy: works ? "" : `check AWS_PROFILE and AWS_REGION, or npx sst deploy --stage ${stage}`,
    };
  } finally {
    client.destroy();
  }
}

/** What all runs of the stage have spent or reserved on the day, and what they may. */
function dailyFindingAt(nowMs: number): Check {
  return async (deployment) => {
    const capUsd = deployment.dailyUsd!;
    const ledger = spendingLedger(deploymentStore(deployment), { run: "", capUsd });
    const usd = await ledger.totalUsd(dayOf(nowMs));
    const works = usd < capUsd;
    return {
      what: "dollars today",
      works,
      found: `$${rounded(usd)} of $${capUsd} spent or reserved`,
      remedy: works ? "" : "go on tomorrow (UTC), or deploy with a larger KOFN_DAILY_USD",
    };
  };
}

/**
 * A run of n workers wants n environments at work, each slot of its own; the orchestrator is one
 * more. The code is that of "Concurrent executions" in Service Quotas.
 */
async function concurrencyFinding({ concurrency }: Deployment): Promise<StageFinding> {
  const { limit, unreserved } = await withClient(accountConcurrency);
  const free = concurrency ?? unreserved - 1;
  const whose = concurrency === undefined ? "of what nobody reserved" : "reserved for them";
  const works = limit >= awsLambda.concurrencyDefault;
  const ask =
    "aws service-quotas request-service-quota-increase --service-code lambda " +
    `--quota-code L-B99A9384 --desired-value ${awsLambda.concurrencyDefault}`;
  return {
    what: "concurrency",
    works,
    found: `${limit} in this account, ${free} for workers (${whose}), one for each slot of a run`,
    remedy: works ? "" : `a new account has less than the usual; for larger runs ask: ${ask}`,
  };
}

/** Of one function: a reservation of nothing is what the kill switch leaves. */
function reservationOf(name: string): Check {
  return async ({ stage }) => {
    const reserved = await withClient((client) => reservedConcurrency(client, name));
    const works = reserved !== 0;
    return {
      what: name,
      works,
      found: !works
        ? "all concurrency was taken from it, as the budget's kill switch does"
        : reserved === null
          ? "shares what nobody reserved"
          : `${reserved} reserved`,
      remedy: works ? "" : `kofn restore --stage ${stage}`,
    };
  };
}

function functionsOf({ worker, networkWorker, orchestrator }: Deployment): readonly string[] {
  const plain = orchestrator.replace(/:[^:]*$/, "");
  return [worker, ...(networkWorker === undefined ? [] : [networkWorker]), plain];
}

async function withClient<T>(
  ask: (client: ReturnType<typeof lambdaClient>) => Promise<T>,
): Promise<T> {
  const client = lambdaClient({ timeoutMs: askedMsMax });
  try {
    return await ask(client);
  } finally {
    client.destroy();
  }
}
