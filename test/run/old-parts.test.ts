import { expect, test } from "vitest";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import { removingOldParts } from "../../src/run/old-parts.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { modelPartKey } from "../../src/store-layout.ts";

const ref = (key: string): ObjectRef => ({ key, sha256: "0", dtype: "F32", shape: [1] });
const part = (step: number) => ref(modelPartKey("trial", `weights/${step}`));
const memory = (step: number) => ref(modelPartKey("trial", `memory/${step}`));
const start = ref("networks/start.safetensors");

test("a part goes once a later state is in the store, unless the curve needs it", async () => {
  const store = memoryStore();
  const keys = [0, 1, 2, 3, 4].flatMap((step) => [part(step).key, memory(step).key]);
  for (const key of [start.key, ...keys]) await store.write(key, Uint8Array.of(1));
  const { saved, written } = removingOldParts(store, "trial");
  const states = [0, 1, 2, 3, 4].map((step) => {
    const state = { step };
    const parts = [step === 0 ? start : part(step)];
    const model = { kind: "sharded", parts } as const;
    saved(state, { round: step, model, keeps: [memory(step)], finished: false }, step === 1);
    return state;
  });
  written(states[0]!);
  expect(await store.list("")).toHaveLength(1 + keys.length);
  // A run may go on from the third state, or from the fourth once it is there.
  written(states[3]!);
  expect(await store.list("")).toEqual(
    [start, part(0), part(1), part(3), part(4), memory(3), memory(4)].map(({ key }) => key).sort(),
  );
});
