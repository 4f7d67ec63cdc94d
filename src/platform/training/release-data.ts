import { RunError } from "../../core/errors.ts";
import type { ReleaseRequest } from "../../privacy/release/calibrate.ts";
import { publishRelease, type Released } from "../../privacy/release/publish-release.ts";
import type { DataTable } from "../../privacy/release/table.ts";
import { type IngestProgress, prepareData } from "../../run/ingest.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { openHome } from "../local/home.ts";
import { claimHome, serveAlone } from "../local/home-claim.ts";
import { openDataSource } from "../open-source.ts";
import { type ReleaseInput, releaseRequestOf } from "./release-request.ts";
import { namesOf, type Ranges, refuseLearned, tableOf } from "./release-table.ts";

/** What is to be released, and under which public bounds. */
export interface ReleaseOrder {
  readonly spec: RunSpec;
  readonly input: ReleaseInput;
  readonly ranges: Ranges;
  readonly onPhase?: IngestProgress;
}

/** The rows of an order, ready to be published. */
export interface OpenedRelease {
  readonly table: DataTable;
  readonly request: ReleaseRequest;
  /** Of the columns, the target last. */
  readonly names: readonly string[];
  /** Publishes them: this is what costs privacy. */
  publish(): Promise<Released>;
}

/** Prepares an order's data in a home and calls `use` with what can be released of them. */
export async function withReleaseData<T>(
  path: string,
  { spec, input, ranges, onPhase }: ReleaseOrder,
  use: (opened: OpenedRelease) => Promise<T>,
): Promise<T> {
  refuseLearned(spec);
  const claim = await claimHome(path);
  try {
    const home = await serveAlone(path, () => openHome(path));
    try {
      const { store } = home;
      const prepared = await prepareData(spec, { open: openDataSource, store }, onPhase, "kept");
      const { entry, norm, budget } = input;
      const table = await tableOf(prepared, store, { ranges, entry, norm });
      const request = releaseRequestOf(input, table.columns);
      const eigenvalue = input.hidden === "private" ? "private" : "given";
      const names = namesOf(prepared);
      const shaping = { ranges, entry, norm };
      const source = { store, digest: prepared.digest, names, table, shaping, budget };
      return await use({
        ...{ table, request, names },
        publish: () => publishRelease(source, request, eigenvalue),
      });
    } finally {
      await home.close();
    }
  } catch (thrown) {
    if (thrown instanceof RunError) await claim.abandon();
    throw thrown;
  }
}
