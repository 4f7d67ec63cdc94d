import { afterAll, describe, expect, test } from "vitest";
import { isAllowed } from "../../src/emulator/iam/policy.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { campaign } from "../campaign.ts";
import { cases } from "./cases.ts";
import { ofObjects, type Permission } from "./permissions.ts";
import { again, type Role, runUnder, staged, type Wanted } from "./under-roles.ts";

/*
 * Each single permission taken away, one after another, from the run that needs it: none ends as it
 * does with all of them. In the campaign every case; in the tests one.
 */

const roles = campaign<readonly Role[]>(["worker"], ["worker", "networkWorker", "orchestrator"]);
const left = new Map<string, Permission & { readonly role: Role }>();
for (const role of roles)
  for (const one of ofObjects(deployedRoles[role]))
    left.set(`${role} ${one.name}`, { ...one, role });
const tried = campaign(
  cases.filter(({ name }) => name === "example few-bits"),
  cases,
);

describe.each(tried)("$name", ({ spec, callsMax }) => {
  test("does not end as it did without one of the permissions that it needs", async () => {
    const start = await again(await staged(await spec()));
    const wanted: Wanted[] = [];
    const note = (one: Wanted) => wanted.push(one);
    const whole = await runUnder(await again(start), deployedRoles, { note, callsMax });
    expect(whole.stop).toBe("done");
    for (const [key, { role, others }] of [...left]) {
      const asked = wanted.filter((one) => one.role === role);
      if (asked.every(({ action }) => isAllowed(others, action))) continue;
      const lacking = { ...deployedRoles, [role]: others };
      let denied = 0;
      const count = (one: Wanted) => {
        if (one.role === role && !isAllowed(others, one.action)) denied++;
      };
      const how = { note: count, callsMax };
      const ended = await runUnder(await again(start), lacking, how).catch(
        ({ message }: Error) => message,
      );
      if (denied === 0) continue;
      left.delete(key);
      expect(ended, key).not.toEqual(whole);
    }
  });
});

/**
 * What no run asks for that goes well (a network is loaded once in this process): to be told that
 * something is gone rather than denied, and what goes by reference at a plain worker. Each has a
 * test in roles.test.ts that fails on "not authorized".
 */
const ofFaults: Readonly<Record<Role, Readonly<Record<string, readonly string[]>>>> = {
  networkWorker: {
    "s3:DeleteObject": ["runs/*/memory/*"],
    "s3:GetObject": ["runs/*/memory/*", "runs/*/objects/*"],
    "s3:ListBucket": [
      "encoded/*",
      "networks/*",
      "parts/*",
      "runs/*/carried/*",
      "runs/*/memory/*",
      "runs/*/model/*",
      "runs/*/objects/*",
    ],
    "s3:PutObject": ["runs/*/objects/*"],
  },
  orchestrator: {
    "s3:DeleteObject": ["runs/*/events/*"],
    "s3:GetObject": ["networks/*"],
    "s3:ListBucket": ["encoded/*", "networks/*", "parts/*", "prepared/*"],
  },
  worker: {
    "s3:DeleteObject": ["runs/*/memory/*"],
    "s3:GetObject": ["runs/*/model/*"],
    "s3:ListBucket": [
      "encoded/*",
      "parts/*",
      "runs/*/carried/*",
      "runs/*/memory/*",
      "runs/*/model/*",
      "runs/*/objects/*",
    ],
    "s3:PutObject": ["runs/*/model/*"],
  },
};

afterAll(() => {
  if (tried.length < cases.length) return;
  const expected = Object.entries(ofFaults).flatMap(([role, actions]) =>
    Object.entries(actions).flatMap(([action, keys]) =>
      keys.map((key) => `${role} ${action} ${key}`),
    ),
  );
  expect([...left.keys()].sort()).toEqual(expected.sort());
});
