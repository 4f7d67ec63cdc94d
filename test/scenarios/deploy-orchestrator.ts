import { deployed } from "../../src/platform/cloud/deployed.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import type { EmulatedBackend } from "../../src/platform/local/emulated.ts";
import { bucket, bundleFolder } from "../../src/platform/local/paths.ts";

/** The orchestrator's function as deployed, with variables of its own. */
export async function deployOrchestrator(
  backend: EmulatedBackend,
  variables: object,
): Promise<void> {
  await backend.emulator().deploy("orchestrator", {
    directory: await bundleFolder("orchestrator"),
    ...deployed.orchestrator,
    role: deployedRoles.orchestrator,
    environment: {
      ...{ KOFN_BUCKET: bucket, KOFN_DAILY_USD: "5", ...variables },
      ...{ KOFN_WORKER: "worker:1", KOFN_NETWORK_WORKER: "network-worker:1" },
    },
  });
}
