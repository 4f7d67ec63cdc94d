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
    const { KOFN_BUDGET_USD, KOFN_BUDGET_EMAIL, KOFN_CONCURRENCY } = process.env;
    return deployKofn({
      alarmEmail: KOFN_BUDGET_EMAIL,
      ...(KOFN_BUDGET_USD === undefined ? {} : { monthlyUsd: Number(KOFN_BUDGET_USD) }),
      ...(KOFN_CONCURRENCY === undefined ? {} : { concurrency: Number(KOFN_CONCURRENCY) }),
    });
  },
});
