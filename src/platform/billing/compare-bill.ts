import type { Deployment } from "../cloud/deployment.ts";
import type { CostLine } from "./cost-file.ts";
import { type BillItem, type Charge, charges } from "./run-bill.ts";

/** One charge, as metered and as AWS reports it. */
export interface ComparedCharge {
  readonly charge: Charge;
  /** Null where nothing of the kind was metered. */
  readonly metered: BillItem | null;
  /** Null where the file has no line of the kind. */
  readonly chargedUsd: number | null;
  readonly amount: number;
  readonly usageTypes: readonly string[];
}

export interface ComparedBill {
  readonly rows: readonly ComparedCharge[];
  readonly meteredUsd: number;
  readonly chargedUsd: number;
  /** The lines that were counted, and how they were attributed to this deployment. */
  readonly lines: number;
  readonly knownBy: "resource" | "tag" | "account";
  /** The time span of all usage in the file; null for a file without any. */
  readonly fileMs: { readonly start: number; readonly end: number } | null;
}

export interface BillingSpan {
  readonly startMs: number;
  readonly endMs: number;
}

const services = new Map([
  ["AWSLambda", lambdaCharge],
  ["AmazonS3", storeCharge],
]);

/**
 * Compares a metered bill with AWS's own: the Lambda and S3 lines within the run's time, selected
 * by resource where the file names them, else by the deployment's tags, else all of the account's.
 */
export async function compareBill(
  metered: readonly BillItem[],
  lines: AsyncIterable<CostLine>,
  run: BillingSpan,
  deployment: Deployment,
): Promise<ComparedBill> {
  const charged = new Map<Charge, { usd: number; amount: number; types: Set<string> }>();
  let fileMs = null as ComparedBill["fileMs"];
  let knownBy: ComparedBill["knownBy"] = "account";
  let count = 0;
  for await (const line of lines) {
    const { startMs, endMs } = line;
    fileMs = {
      start: Math.min(startMs, fileMs?.start ?? startMs),
      end: Math.max(endMs, fileMs?.end ?? endMs),
    };
    const chargeOf = services.get(line.product);
    if (chargeOf === undefined || endMs <= run.startMs || startMs >= run.endMs) continue;
    const owner = whose(line, deployment);
    if (owner === null) continue;
    if (owner !== "account" && knownBy !== "resource") knownBy = owner;
    const charge = chargeOf(line.usageType);
    const sum = charged.get(charge) ?? { usd: 0, amount: 0, types: new Set<string>() };
    sum.usd += line.costUsd;
    sum.amount += line.amount;
    sum.types.add(line.usageType);
    charged.set(charge, sum);
    count++;
  }
  const rows = charges.flatMap((charge): ComparedCharge[] => {
    const own = metered.find((item) => item.charge === charge) ?? null;
    const sum = charged.get(charge);
    if (own === null && sum === undefined) return [];
    const usageTypes = [...(sum?.types ?? [])].sort();
    return [
      {
        charge,
        metered: own,
        chargedUsd: sum?.usd ?? null,
        amount: sum?.amount ?? 0,
        usageTypes,
      },
    ];
  });
  const meteredUsd = metered.reduce((sum, { costUsd }) => sum + costUsd, 0);
  const chargedUsd = rows.reduce((sum, row) => sum + (row.chargedUsd ?? 0), 0);
  return { rows, meteredUsd, chargedUsd, lines: count, knownBy, fileMs };
}

/** How a line is attributed to the deployment; null where it is another's. */
function whose(
  { resource, tags }: CostLine,
  { stage, bucket, worker, networkWorker, orchestrator }: Deployment,
): ComparedBill["knownBy"] | null {
  if (resource !== null && resource !== "") {
    const functions = [worker, networkWorker, orchestrator.replace(/:\w+$/, "")];
    const name = resource.replace(/^.*:function:/, "").replace(/:.*$/, "");
    return functions.includes(name) || resource === bucket || resource.endsWith(`:::${bucket}`)
      ? "resource"
      : null;
  }
  if (tags === null) return "account";
  // The tag that SST puts on everything, as the billing console may write it.
  const tagged = Object.entries(tags).find(([key]) => /sst[:_]stage$/i.test(key))?.[1];
  return tagged === stage ? "tag" : null;
}

/** Usage types begin with the region's short name, but for the oldest region's. */
function lambdaCharge(usageType: string): Charge {
  if (/tenant/i.test(usageType)) return "tenant environments";
  if (/durable/i.test(usageType))
    return /operation/i.test(usageType) ? "durable operations" : "durable data";
  if (/GB-Second/i.test(usageType)) return "compute";
  return /Request/i.test(usageType) ? "requests" : "other";
}

function storeCharge(usageType: string): Charge {
  if (/Requests-Tier1$/.test(usageType)) return "store writes";
  if (/Requests-Tier2$/.test(usageType)) return "store reads";
  return /TimedStorage/.test(usageType) ? "storage" : "other";
}
