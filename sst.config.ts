/// <reference path="./.sst/platform/config.d.ts" />

/** Stages whose data outlive `sst remove`. */
const kept = ["production"];

export default $config({
  app: ({ stage }) => ({
    name: "kofn",
    home: "aws",
    removal: kept.includes(stage) ? "retain" : "remove",
    protect: kept.includes(stage),
    // An implicit newest version has broken deployments before.
    providers: { aws: { version: "7.20.0" } },
  }),
  async run() {
    const { store } = await import("./infra/store.ts");
    const { worker } = await import("./infra/worker.ts");
    const { orchestrator } = await import("./infra/orchestrator.ts");
    const { killSwitch } = await import("./infra/guard.ts");
    return {
      bucket: store.name,
      worker: worker.name,
      orchestrator: orchestrator.name,
      killSwitch: killSwitch.name,
    };
  },
});
