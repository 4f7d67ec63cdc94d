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
    const { killSwitch } = await import("./infra/guard.ts");
    const { deployment } = await import("./infra/deployment.ts");
    return { ...deployment, killSwitch: killSwitch.name };
  },
});
