import { expect, test } from "vitest";
import { ephemeralState } from "../../src/simulation/ephemeral-state.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { memoryKey } from "../../src/store-layout.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const key = (round: number) => memoryKey("some-run", 3, round);

test("what a slot remembers is made into bytes once somebody asks for it", async () => {
  const home = memoryStore();
  const { store, keep } = ephemeralState(home);
  const made: number[] = [];
  const later = (round: number) =>
    store.writeLater!(key(round), () => {
      made.push(round);
      return bytes(`round ${round}`);
    });
  for (const round of [1, 2, 3, 4, 5]) await later(round);
  const folder = key(1).slice(0, key(1).lastIndexOf("/"));
  expect(await store.list(folder)).toEqual([1, 2, 3, 4, 5].map(key));
  expect(made).toEqual([]);
  for (let turn = 0; turn < 2; turn++) expect(await store.read(key(2))).toEqual(bytes("round 2"));
  expect(made).toEqual([2]);
  // The last one that wrote is who counts, whichever way.
  await store.write(key(3), bytes("at once"));
  await later(2);
  expect(await store.read(key(3))).toEqual(bytes("at once"));
  expect(await store.writeOnce(key(4), bytes("too late"))).toBe(false);
  await store.remove(key(1));
  await store.removeAll!([key(5)]);
  expect(await store.list("")).toEqual([2, 3, 4].map(key));
  expect(await home.list("")).toEqual([]);
  await keep();
  expect(made).toEqual([2, 4, 2]);
  const kept = await Promise.all([2, 3, 4].map((round) => home.read(key(round))));
  expect(kept).toEqual(["round 2", "at once", "round 4"].map(bytes));
});

test("what is no memory goes home at once", async () => {
  const home = memoryStore();
  await ephemeralState(home).store.writeLater!("parts/some", () => bytes("rows"));
  expect(await home.read("parts/some")).toEqual(bytes("rows"));
});
