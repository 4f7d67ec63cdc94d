import { orchestrator } from "./orchestrator.ts";
import { store } from "./store.ts";
import { worker } from "./worker.ts";

/** What the command line needs to know of a stage; `kofn --stage` reads it. */
export const deployment = {
  stage: $app.stage,
  bucket: store.name,
  worker: worker.name,
  // A durable function is invoked by a qualified name.
  orchestrator: $interpolate`${orchestrator.name}:${orchestrator.nodes.function.version}`,
};

/** The same within `sst shell`, as SST_RESOURCE_Kofn. */
export const link = new sst.Linkable("Kofn", { properties: deployment });
