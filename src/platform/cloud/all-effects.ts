import { journalEffects } from "../../journal/checkpoint.ts";
import { curvatureEffects } from "../../run/curvature.ts";
import { finishEffects } from "../../run/finish.ts";
import { problemAssetEffects } from "../../run/ingest.ts";
import { orchestrateEffects } from "../../run/orchestrate.ts";
import { segmentEffects } from "../../run/segment.ts";
import { grantEffects } from "../../run/spending-grant.ts";
import {
  type Effects,
  type Permissions,
  permissionsOf,
  type StoreRole,
} from "../../store-effects.ts";
import { taskKinds } from "../../tasks/registry.ts";
import { objectEffects } from "../../worker/objects.ts";
import { offloadEffects } from "../../worker/payload-offload.ts";
import { problemEffects } from "../../worker/worker.ts";
import { leaseEffects } from "./lease.ts";
import { preparationEffects } from "./preparation.ts";
import { spendingEffects } from "./spending-ledger.ts";

/** All store effects of the deployed functions, from the modules that declare them. */
export const allEffects: readonly Effects[] = [
  ...Object.values(taskKinds).map(({ effects }) => effects),
  problemEffects,
  ...offloadEffects,
  ...objectEffects,
  orchestrateEffects,
  problemAssetEffects,
  curvatureEffects,
  journalEffects,
  segmentEffects,
  grantEffects,
  finishEffects,
  leaseEffects,
  preparationEffects,
  spendingEffects,
];

/** What each role may do: what `infra/` grants, the docs list and the emulator enforces. */
export const storePermissions: Readonly<Record<StoreRole, Permissions>> = {
  worker: permissionsOf("worker", allEffects),
  networkWorker: permissionsOf("networkWorker", allEffects),
  orchestrator: permissionsOf("orchestrator", allEffects),
  preparer: permissionsOf("preparer", allEffects),
};
