import { expect, test } from "vitest";
import type { Encoded } from "../../src/data/manifests.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import type { Store } from "../../src/ports/store.ts";
import { nodeSecretKey } from "../../src/store-layout.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";
import { AccessDenied } from "../doubles/guarded-store.ts";
import { secureLocalSteps, securePrivate } from "./cases.ts";
import { again, runUnder, type Staged, staged } from "./under-roles.ts";

/*
 * Workers of owners who do not trust one another, each under a role of its own: its own rows and
 * its own secret, and none of anybody else's.
 */

interface Confined {
  /** The store as a slot sees it. */
  storeOf(store: Store, slot: number): Store;
  /** Which secrets a slot has had to do with. */
  readonly touched: Set<string>;
}

async function confined({ record, store: home }: Staged): Promise<Confined> {
  const { run } = record;
  const encoded = await readEncodedManifest<Encoded>(home, record.encoded);
  const touched = new Set<string>();
  const storeOf = (store: Store, slot: number): Store => {
    const own = new Set(encoded.slots[slot]!.parts.map(({ key }) => key));
    const check = (key: string) => {
      if (key.startsWith(`secrets/${run}/`)) touched.add(key);
      const isSecret = key.startsWith(nodeSecretKey(run, 0).slice(0, -1));
      const isOthers = isSecret && key !== nodeSecretKey(run, slot);
      if (isOthers || (key.startsWith("parts/") && !own.has(key)))
        throw new AccessDenied(`slot ${slot} may not have to do with ${key}`);
    };
    const checked =
      <More extends unknown[], Out>(act: (key: string, ...more: More) => Promise<Out>) =>
      async (key: string, ...more: More) => {
        check(key);
        return act(key, ...more);
      };
    return {
      read: checked((key) => store.read(key)),
      write: checked((key, bytes: Uint8Array) => store.write(key, bytes)),
      writeOnce: checked((key, bytes: Uint8Array) => store.writeOnce(key, bytes)),
      remove: checked((key) => store.remove(key)),
      list: (prefix) => store.list(prefix),
    };
  };
  return { storeOf, touched };
}

test.each([
  ["local steps", secureLocalSteps],
  ["private training", securePrivate],
])("%s in a secure sum, each slot with its own rows and secret: the same bits", async (_, spec) => {
  const start = await again(await staged(spec));
  const { storeOf, touched } = await confined(start);
  const under = await runUnder(start, deployedRoles, { slotStore: storeOf });
  expect(under.stop).toBe("done");
  const { run } = start.record;
  for (let slot = 0; slot < 4; slot++) expect(touched).toContain(nodeSecretKey(run, slot));
  const free = await runUnder(await again(start), null);
  expect(free.result).toEqual(under.result);
  expect(free.objects["runs/trial/model.safetensors"]).toBe(
    under.objects["runs/trial/model.safetensors"],
  );
});

test("an aggregator that noises needs a secret that is no slot's", async () => {
  const start = await staged({ ...securePrivate, strategy: { type: "dp-sgd", rate: 1 } });
  const { storeOf } = await confined(start);
  const { stop } = await runUnder(start, deployedRoles, { slotStore: storeOf });
  expect(stop).toBe("interrupted");
});
