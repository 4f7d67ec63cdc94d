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
    const { deployKofn } = await import("./infra/kofn.ts");
    const { settingsFrom } = await import("./infra/settings.ts");
    return deployKofn(settingsFrom(process.env));
  },
});
