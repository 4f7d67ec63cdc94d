import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { storePermissions as granted } from "../../infra/store-permissions.ts";
import { deployPage, deployPagePath } from "../../scripts/write-permissions.ts";
import { type AccessRequest, isAllowed, type Statement } from "../../src/emulator/iam/policy.ts";
import { storePermissions } from "../../src/platform/cloud/all-effects.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import type { Store } from "../../src/ports/store.ts";
import { type Effects, type Permissions, permissionsOf } from "../../src/store-effects.ts";
import * as layout from "../../src/store-layout.ts";
import { taskKinds } from "../../src/tasks/registry.ts";
import { objectEffects } from "../../src/worker/objects.ts";
import { guardedStore } from "../doubles/guarded-store.ts";
import { askedBy, specsOfAllKinds } from "./asked.ts";

const { prefixes, prefixIn } = layout;
const roles = ["worker", "networkWorker", "orchestrator", "preparer"] as const;

/** As `infra/` writes them, on the emulator's bucket. */
function statementsOf({ read, list, write, abort, remove }: Permissions): Statement[] {
  const on = (action: string, patterns: readonly string[]) => ({
    effect: "Allow" as const,
    actions: [`s3:${action}`],
    resources: patterns.map((pattern) => `arn:aws:s3:::kofn/${pattern}`),
  });
  const visible = {
    effect: "Allow" as const,
    actions: ["s3:ListBucket"],
    resources: ["arn:aws:s3:::kofn"],
    conditions: [{ test: "StringLike", variable: "s3:prefix", values: list }],
  };
  const objects = [on("PutObject", write), on("AbortMultipartUpload", abort)];
  const all = [on("GetObject", read), visible, ...objects, on("DeleteObject", remove)];
  return all.filter(({ resources }) => resources.length > 0);
}

describe("what the code declares that it does to the store", () => {
  test("is what infra/ grants: `npm run docs` writes it", () => {
    expect(granted).toEqual(storePermissions);
  });

  test.each(roles)("is what the emulator holds the %s to", (role) => {
    const statements: readonly Statement[] = deployedRoles[role];
    const isHome = (arn: string) => arn.startsWith("arn:aws:s3:::kofn");
    const own = statements.filter(({ resources }) => resources.every(isHome));
    expect(own).toEqual(statementsOf(storePermissions[role]));
  });

  test("stands in docs/deploy.md", () => {
    const page = readFileSync(deployPagePath, "utf8");
    expect(page).toBe(deployPage(page));
    for (const { pattern } of Object.values(prefixes))
      if (JSON.stringify(storePermissions).includes(pattern)) expect(page).toContain(pattern);
  });
});

test("every key of the store's layout is under one prefix that has a name", () => {
  const digests = new Set(["curvatureKey", "preparedKey", "encodedKey"]);
  for (const [name, keyOf] of Object.entries(layout)) {
    if (typeof keyOf !== "function" || !/(Key|Prefix)$/.test(name)) continue;
    if (name === "runPrefix") continue;
    const argument = digests.has(name) ? "0a1b" : "trial";
    const key = (keyOf as (run: string, ...rest: number[]) => string)(argument, 1, 2);
    const own = (Object.keys(prefixes) as layout.PrefixName[])
      .filter((one) => one !== "run" && one !== "secrets")
      .filter((one) => isBelow(key, prefixIn("trial", one)));
    const isSecret = name === "nodeSecretKey";
    expect(own, `${name}: ${key}`).toHaveLength(isSecret ? 0 : 1);
  }
});

function isBelow(key: string, prefix: string): boolean {
  return prefix.endsWith("/") ? key.startsWith(prefix) : key === prefix;
}

test("what covers another pattern stands for both, and what is small goes in one piece", () => {
  const effects: Effects[] = [
    { roles: ["worker"], reads: ["rawSums", "secrets"], writes: ["ledger", "rawSums"] },
    { roles: ["orchestrator"], removes: ["rawSums"] },
  ];
  expect(permissionsOf("worker", effects)).toEqual({
    read: ["secrets/*"],
    list: ["secrets/*"],
    write: ["runs/*/ledger/*", "secrets/*/sums/*"],
    abort: ["secrets/*/sums/*"],
    remove: [],
  });
  expect(permissionsOf("networkWorker", effects).read).toEqual([]);
});

/** By kind, what its tasks did in all runs. */
const done = new Map<string, AccessRequest[]>();

test.for(Object.entries(specsOfAllKinds))(
  "%s: every task does what its kind declares, and no more",
  async ([, spec]) => {
    const asked = await askedBy(spec, (store, { operation }) => held(store, operation));
    expect(asked.length).toBeGreaterThan(0);
  },
);

test("no kind declares what its tasks never do", () => {
  const idle: string[] = [];
  for (const [operation, { effects }] of Object.entries(taskKinds)) {
    const actions = done.get(operation)!;
    const { read, write, remove } = permissionsOf(workerOf(effects), [effects]);
    const uses = (action: string, pattern: string) => {
      const resources = [`arn:aws:s3:::kofn/${pattern}`];
      const one = { effect: "Allow" as const, actions: [`s3:${action}`], resources };
      return actions.some((did) => isAllowed([one], did));
    };
    for (const pattern of read) if (!uses("GetObject", pattern)) idle.push(`read ${pattern}`);
    for (const pattern of write) if (!uses("PutObject", pattern)) idle.push(`write ${pattern}`);
    // Old memories go from the seventeenth round on: test/roles has so many.
    for (const pattern of remove)
      if (pattern !== prefixes.memory.pattern && !uses("DeleteObject", pattern))
        idle.push(`${operation}: remove ${pattern}`);
  }
  expect(idle).toEqual([]);
});

/** Any worker, unless the kind is for those alone that have networks. */
function workerOf({ roles }: Effects): "worker" | "networkWorker" {
  return roles.includes("worker") ? "worker" : "networkWorker";
}

/** The store under the effects of one kind, and of what goes by reference, alone. */
function held(store: Store, operation: keyof typeof taskKinds): Store {
  const { effects } = taskKinds[operation];
  const own = permissionsOf(workerOf(effects), [effects, ...objectEffects]);
  const statements = statementsOf(own);
  const actions = done.get(operation) ?? [];
  done.set(operation, actions);
  return guardedStore(store, {
    bucket: "kofn",
    who: operation,
    may(action) {
      actions.push(action);
      return isAllowed(statements, action);
    },
  });
}

test("the end of a run removes what kinds leave behind, and nothing that is published", () => {
  const { remove } = storePermissions.orchestrator;
  for (const { cleanUp = {} } of Object.values(taskKinds))
    for (const name of [...(cleanUp.atStop ?? []), ...(cleanUp.whenDone ?? [])])
      expect(remove).toContain(prefixes[name].pattern);
  for (const name of ["published", "ledger", "secrets", "model"] as const)
    expect(remove).not.toContain(prefixes[name].pattern);
});
