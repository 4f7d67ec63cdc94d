import { describe, expect, test } from "vitest";
import { isAllowed } from "../../src/emulator/iam/policy.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { campaign } from "../campaign.ts";
import { cases } from "./cases.ts";
import { faults } from "./faults.ts";
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

/*
 * What no run asks for that goes well: to be told that something is gone rather than denied, what a
 * crash left over, what goes by reference at a plain worker. In the tests two of them.
 */
const someOfFaults = ["worker s3:ListBucket parts/*", "worker s3:DeleteObject runs/*/memory/*"];

test("permissions that no run needs are those that a fault needs", async () => {
  const isWhole = tried.length === cases.length;
  const others = isWhole ? [...left] : [...left].filter(([key]) => someOfFaults.includes(key));
  expect(others.length).toBeGreaterThanOrEqual(someOfFaults.length);
  for (const [key, { role, others: kept }] of others) {
    const policies = { ...deployedRoles, [role]: kept };
    const met = await Promise.allSettled(
      faults.map((fault) => fault.meet({ policies, note: () => undefined })),
    );
    expect(met.filter(({ status }) => status === "rejected").length, key).toBeGreaterThan(0);
  }
});
