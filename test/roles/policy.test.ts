import { describe, expect, test } from "vitest";
import { type AccessRequest, isAllowed, type Statement } from "../../src/emulator/iam/policy.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { bucketAccess } from "../doubles/bucket-access.ts";
import { AccessDenied, guardedStore } from "../doubles/guarded-store.ts";

const allow = (more: Partial<Statement> = {}): Statement => ({
  effect: "Allow",
  actions: ["s3:GetObject"],
  resources: ["arn:aws:s3:::b/*"],
  ...more,
});
const wanted = (more: Partial<AccessRequest> = {}): AccessRequest => ({
  action: "s3:GetObject",
  resource: "arn:aws:s3:::b/runs/a/state",
  ...more,
});

describe("statements, as IAM evaluates them", () => {
  test("what nothing allows is denied, and a Deny wins over any Allow", () => {
    expect(isAllowed([], wanted())).toBe(false);
    expect(isAllowed([allow()], wanted())).toBe(true);
    expect(isAllowed([allow(), allow({ effect: "Deny" })], wanted())).toBe(false);
    expect(isAllowed([allow({ effect: "Deny" }), allow()], wanted())).toBe(false);
    const elsewhere = allow({ effect: "Deny", resources: ["arn:aws:s3:::b/secrets/*"] });
    expect(isAllowed([allow(), elsewhere], wanted())).toBe(true);
  });

  test("actions: wildcards, in any case; resources: also across slashes, in theirs", () => {
    const acts = (pattern: string) => isAllowed([allow({ actions: [pattern] })], wanted());
    expect(["s3:*", "S3:getobject", "s3:Get*", "s3:?etObject", "*"].filter(acts)).toHaveLength(5);
    expect(["s3:Get", "s3:PutObject", "s3:GetObject?", "lambda:*"].filter(acts)).toEqual([]);
    const on = (path: string) =>
      isAllowed([allow({ resources: [`arn:aws:s3:::${path}`] })], wanted());
    const right = ["b/runs/*", "b/*", "b/*/state", "b/r*/a/st?te", "*", "b/runs/a/state*"];
    expect(right.filter(on)).toEqual(right);
    const wrong = ["b", "b/runs/", "b/RUNS/*", "b/runs/?", "c/*", "b/*/a/b/*", "b/runs/a/state?"];
    expect(wrong.filter(on)).toEqual([]);
  });

  test("a pattern of many stars is decided in no time", () => {
    const resource = `arn:aws:s3:::b/${"a".repeat(1_000)}`;
    const pattern = `arn:aws:s3:::b/${"*a".repeat(200)}b`;
    expect(isAllowed([allow({ resources: [pattern] })], wanted({ resource }))).toBe(false);
  });

  test("conditions: all must hold, of their values one; a key that is absent meets none", () => {
    const like = (...values: string[]) => ({ test: "StringLike", variable: "s3:prefix", values });
    const under = (prefix: string | undefined, ...conditions: ReturnType<typeof like>[]) =>
      isAllowed(
        [allow({ conditions })],
        wanted(prefix === undefined ? {} : { context: { "s3:prefix": prefix } }),
      );
    expect(under("runs/a/", like("parts/*", "runs/*"))).toBe(true);
    expect(under("runs/a/", like("runs/*"), like("parts/*"))).toBe(false);
    expect(under("runs", like("runs/*"))).toBe(false);
    expect(under(undefined, like("*"))).toBe(false);
    const not = (...values: string[]) => ({ ...like(...values), test: "StringNotLike" });
    expect([under("a", not("b", "c")), under("a", not("b", "a"))]).toEqual([true, false]);
    expect(under(undefined, not("*"))).toBe(true);
    const other = { ...like("a"), test: "NumericLessThan" };
    expect(() => under("a", other)).toThrow("NumericLessThan");
  });
});

test("an absent key is 404 to whoever may list it, and 403 to others", async () => {
  const list = allow({
    actions: ["s3:ListBucket"],
    resources: ["arn:aws:s3:::b"],
    conditions: [{ test: "StringLike", variable: "s3:prefix", values: ["runs/*/memory/*"] }],
  });
  const may = (action: AccessRequest) => isAllowed([allow(), list], action);
  const store = guardedStore(memoryStore(), { bucket: "b", who: "somebody", may });
  expect(await store.read("runs/a/memory/0")).toBeNull();
  await expect(store.read("runs/a/round/0")).rejects.toThrow(AccessDenied);
  await expect(store.write("runs/a/memory/0", new Uint8Array(1))).rejects.toThrow(
    'not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::b/runs/a/memory/0"',
  );
  await expect(store.remove("runs/a/memory/0")).rejects.toThrow("s3:DeleteObject");
  await expect(store.list("runs/a/")).rejects.toThrow("s3:ListBucket");
  expect(await store.list("runs/a/memory/")).toEqual([]);
});

describe("the deployed roles keep to themselves", () => {
  const of = (role: keyof typeof deployedRoles) =>
    bucketAccess("kofn", (action) => isAllowed(deployedRoles[role], action));

  test("workers see no models, no results, nothing of who orchestrates", () => {
    for (const role of ["worker", "networkWorker"] as const) {
      const { read, write, list } = of(role);
      for (const at of ["model.safetensors", "state.safetensors", "result.json", "run.json"]) {
        expect([read(`runs/a/${at}`), write(`runs/a/${at}`)]).toEqual([false, false]);
      }
      expect([write("parts/a"), write("encoded/a"), read("prepared/a"), list("runs/a/")]).toEqual([
        false,
        false,
        false,
        false,
      ]);
    }
    expect([of("worker").read("networks/a"), of("networkWorker").read("networks/a")]).toEqual([
      false,
      true,
    ]);
  });

  test("the orchestrator reads no secret and no sum without noise, and forges no ledger", () => {
    const { read, write, remove } = of("orchestrator");
    expect(read("secrets/a/node-0") || read("secrets/a/sums/1/0")).toBe(false);
    for (const key of ["ledger/node-0/1.json", "round/1/node/0", "memory/0/1", "run.json"])
      expect(write(`runs/a/${key}`)).toBe(false);
    expect(remove("secrets/a/node-0") || remove("runs/a/ledger/node-0/1.json")).toBe(false);
    expect(remove("secrets/a/sums/1/0") && remove("runs/a/memory/0/1")).toBe(true);
  });

  test("nobody writes data, and the kill switch touches no object", () => {
    for (const role of ["worker", "networkWorker", "orchestrator", "killSwitch"] as const)
      for (const key of ["parts/a", "prepared/a", "encoded/a", "networks/a"])
        expect(of(role).write(key) || of(role).remove(key)).toBe(false);
    expect(of("killSwitch").read("runs/a/run.json")).toBe(false);
  });
});

test("an orchestrator may call every version of its workers, and no other function", () => {
  const may = (name: string) =>
    isAllowed(deployedRoles.orchestrator, {
      action: "lambda:InvokeFunction",
      resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    });
  const workers = ["worker", "network-worker"].flatMap((name) => [name, `${name}:1`, `${name}:27`]);
  expect(workers.filter(may)).toEqual(workers);
  expect(["orchestrator:1", "kill-switch", "worker-of-another:1"].filter(may)).toEqual([]);
});
