import { describe, expect, test } from "vitest";
import { isAllowed } from "../../src/emulator/iam/policy.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { strategies as registeredStrategies } from "../../src/strategies/registry.ts";
import { cases } from "./cases.ts";
import { faults } from "./faults.ts";
import { oldStatements } from "./old-statements.ts";
import { ofObjects } from "./permissions.ts";
import { again, type Role, runUnder, type Staged, staged, type Wanted } from "./under-roles.ts";

const roles: readonly Role[] = ["worker", "networkWorker", "orchestrator"];
const wanted: Wanted[] = [];
const strategies = new Set<string>();

describe.each(cases)("$name", ({ spec, callsMax }) => {
  let start: Staged;
  test("ends under the deployed roles as it does with all permissions", async () => {
    start = await staged(await spec());
    strategies.add(start.record.spec.strategy.type);
    // The run without roles takes over the secrets, so that its noise is the same.
    const first = await again(start);
    const under = await runUnder(first, deployedRoles, { note, callsMax });
    expect(under.stop).toBe("done");
    expect(Object.keys(under.objects)).toContain("runs/trial/model.safetensors");
    expect(under).toEqual(await runUnder(await again(first), null, { callsMax }));
  });

  test("leaves no model under the roles of old", async () => {
    const old = runUnder(await again(start), oldStatements, { callsMax });
    await expect(old).rejects.toThrow("not authorized to perform: s3:");
  });
});

test("every strategy was among them", () => {
  expect([...strategies].sort()).toEqual(
    registeredStrategies.members.map(({ name }) => name).sort(),
  );
});

const note = (one: Wanted) => wanted.push(one);

test.each(faults)("$name", ({ meet }) => meet({ policies: deployedRoles, note }));

test.each(roles)("of the %s's permissions none could be left out", (role) => {
  const asked = distinct(wanted.filter((one) => one.role === role));
  const idle = ofObjects(deployedRoles[role]).filter(({ others }) =>
    asked.every(({ action }) => isAllowed(others, action)),
  );
  expect(idle.map(({ name }) => name)).toEqual([]);
});

function distinct(all: readonly Wanted[]): Wanted[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
