import { prices } from "../../limits.ts";
import { formatBytes, formatDollars } from "../../report/format.ts";
import type { OnSource } from "../open-source.ts";

/** What leaves S3 for the machine that starts a run. */
export interface Egress {
  readonly bytes: number;
  /** As if nothing were free, and the machine not in AWS. */
  readonly dollars: number;
}

/** Adds up the objects of S3 that are opened, each once however often that is. */
export function countEgress(): { readonly onSource: OnSource; told(): Egress | null } {
  const opened = new Map<string, number>();
  return {
    onSource(name, sizeBytes) {
      if (name.startsWith("s3://")) opened.set(name, sizeBytes);
    },
    told() {
      const bytes = [...opened.values()].reduce((sum, one) => sum + one, 0);
      return opened.size === 0 ? null : { bytes, dollars: (bytes / 1e9) * prices.usdPerGbEgress };
    },
  };
}

export function egressInWords({ bytes, dollars }: Egress): string {
  return (
    `${formatBytes(bytes)} from S3 to this machine, ${formatDollars(dollars)} unless it is in ` +
    "AWS; a stage deployed with KOFN_DATA_BUCKETS reads them itself"
  );
}
