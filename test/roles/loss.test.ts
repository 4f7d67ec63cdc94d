import { describe, expect, test } from "vitest";
import type { Statement } from "../../src/emulator/iam/policy.ts";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { again, type Role, runUnder, staged } from "./under-roles.ts";

/*
 * Permissions that are taken away while a run is on, on a virtual clock: it ends within its
 * patience (exit 3), says which action was denied on what, keeps its checkpoint, and goes on from
 * it to the same end once the permissions are back.
 */

const spec = {
  problem: "ridge",
  // Wide enough for arrays to go through the store.
  data: { generate: { type: "regression", rows: 90, features: 80 } },
  workers: 3,
  wait: "all",
  stop: { rounds: 8, tolerance: 0, patience: 60 },
  compression: "sign",
  strategy: "local-steps",
};

/** What the run comes to where nothing is lost. */
let free: Awaited<ReturnType<typeof runUnder>> | undefined;

type Mutable = Record<Role, readonly Statement[]>;

/** Runs until so many actions were asked for, then changes the roles under it. */
async function changed(afterActions: number, change: (roles: Mutable) => void) {
  const start = await again(await staged(spec));
  const roles: Mutable = { ...deployedRoles };
  let count = 0;
  const note = () => {
    if (++count === afterActions) change(roles);
  };
  const ended = await runUnder(start, roles, {
    note,
    lostMax: Number.POSITIVE_INFINITY,
  }).catch((thrown: Error) => ({ stop: "thrown", reason: thrown.message }));
  expect(count).toBeGreaterThanOrEqual(afterActions);
  const checkpoint = await readCheckpoint<{ round: number }>(start.store, start.record.run);
  const after = await runUnder(start, deployedRoles);
  free ??= await runUnder(await again(await staged(spec)), deployedRoles);
  const model = (one: typeof after) => one.objects["runs/trial/model.safetensors"];
  expect(model(after)).toBe(model(free));
  expect(after.stop).toBe("done");
  return { ...ended, checkpoint };
}

const denied = (action: string, resource: string): Statement => ({
  effect: "Deny",
  actions: [action],
  resources: [resource],
});

describe("a worker's permissions, taken away in the middle", () => {
  test.each<[string, (roles: Mutable) => void, RegExp]>([
    ["its role as a whole", (roles) => Object.assign(roles, { worker: [] }), /s3:\w+ on resource/],
    [
      "one prefix, by the bucket's policy",
      (roles) => {
        const policy = denied("s3:*", "arn:aws:s3:::kofn/runs/*/memory/*");
        for (const role of ["worker", "networkWorker", "orchestrator"] as const)
          roles[role] = [...deployedRoles[role], policy];
      },
      /s3:\w+ on resource: "arn:aws:s3:::kofn\/runs\/trial\/memory\//,
    ],
  ])("%s: it stops within its patience and names the action", async (_what, change, named) => {
    const { stop, reason, checkpoint } = await changed(40, change);
    expect([stop, reason]).toEqual(["unfinished", expect.stringMatching(named)]);
    expect(checkpoint!.state.round).toBeGreaterThan(0);
    expect(checkpoint!.state.round).toBeLessThan(8);
  });
});

test("the orchestrator's role, taken away in the middle, is told by what it lacks", async () => {
  const { stop, reason, checkpoint } = await changed(40, (roles) => {
    roles.orchestrator = [];
  });
  expect([stop, reason]).toEqual([
    "thrown",
    expect.stringMatching(/not authorized to perform: s3:\w+ on resource/),
  ]);
  // How often it saves hangs on the real clock; from the last time it goes on.
  expect(checkpoint).not.toBeNull();
});
