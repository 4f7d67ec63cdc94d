import assert from "node:assert/strict";
import { type Random, randomFrom } from "../core/random.ts";
import { compareUtf8 } from "../core/text.ts";
import type { Store } from "../ports/store.ts";
import { type Laws, type TestRunner, testLaws } from "./laws.ts";

/** Somebody's store. */
export interface StoreUnderTest {
  readonly name: string;
  /** A store with nothing in it; called once a test and more. */
  open(): Store;
}

/**
 * The contract of a store, as tests: any key, exact bytes, one winner of a write-once, nobody sees
 * half an object.
 */
export function testStore({ name, open }: StoreUnderTest, runner: TestRunner): void {
  testLaws(runner, `${name} store`, laws, open);
}

const laws: Laws<() => Store> = {
  async "holds what was written, under any keys, and lists it in order of bytes"(open) {
    for (let run = 0; run < 25; run++) await holds(open(), randomFrom(`store/${run}`));
  },

  async "copies bytes in and out"(open) {
    const store = open();
    const mine = new Uint8Array([1, 2, 3]);
    const writing = store.write("k", mine);
    mine.fill(9);
    await writing;
    const read = await store.read("k");
    read?.fill(7);
    assert.deepEqual(await bytesAt(store, "k"), [1, 2, 3]);
  },

  async "overwrites, and forgets what is removed"(open) {
    const store = open();
    await store.write("k", new Uint8Array(1000));
    await store.write("k", new Uint8Array([5]));
    assert.deepEqual(await bytesAt(store, "k"), [5]);
    await store.remove("k");
    await store.remove("k");
    assert.equal(await store.read("k"), null);
    assert.equal(await store.writeOnce("k", new Uint8Array()), true);
    assert.deepEqual(await bytesAt(store, "k"), []);
  },

  async "lets exactly one of many concurrent writeOnce win, and keeps its bytes"(open) {
    const store = open();
    for (let round = 0; round < 5; round++) {
      const won = await Promise.all(
        Array.from({ length: 12 }, (_, i) => store.writeOnce(`r/${round}`, new Uint8Array([i]))),
      );
      assert.equal(won.filter(Boolean).length, 1);
      assert.deepEqual(await bytesAt(store, `r/${round}`), [won.indexOf(true)]);
    }
  },

  async "never shows half an object while it is overwritten"(open) {
    const store = open();
    await store.write("k", new Uint8Array(200_000));
    const writes = Array.from({ length: 10 }, (_, i) =>
      store.write("k", new Uint8Array(200_000 + i).fill(i)),
    );
    for (let i = 0; i < 20; i++) {
      const seen = (await store.read("k"))!;
      const first = seen[0]!;
      assert(seen.every((byte) => byte === first));
      if (first > 0) assert.equal(seen.length, 200_000 + first);
    }
    await Promise.all(writes);
  },

  async "takes objects of many parts, once where asked"(open) {
    const store = open();
    const large = new Uint8Array(12 << 20).map((_, i) => (i * 2654435761) >>> 13);
    await store.write("large", large);
    assert.equal(Buffer.compare((await store.read("large"))!, large), 0);
    assert.equal(await store.writeOnce("large", large), false);
    assert.equal(await store.writeOnce("large-too", large), true);
  },

  async "refuses keys no store could hold"(open) {
    const store = open();
    await assert.rejects(async () => store.write("", new Uint8Array()));
    await assert.rejects(async () => store.read("x".repeat(1025)));
    await assert.rejects(async () => store.read("\ud800"));
  },
};

async function holds(store: Store, random: Random): Promise<void> {
  const entries = new Map(
    Array.from({ length: random.integer(13) }, () => [anyKey(random), anyBytes(random)] as const),
  );
  await Promise.all([...entries].map(([key, bytes]) => store.write(key, bytes)));
  for (const [key, bytes] of entries) assert.deepEqual(await bytesAt(store, key), [...bytes]);
  const names = [...entries.keys()].sort(compareUtf8);
  assert.deepEqual(await store.list(""), names);
  const extra = anyKey(random);
  const prefix = extra.slice(0, 2);
  if (prefix.isWellFormed())
    assert.deepEqual(
      await store.list(prefix),
      names.filter((name) => name.startsWith(prefix)),
    );
  if (!entries.has(extra)) assert.equal(await store.read(extra), null);
  for (const name of names) await store.remove(name);
  assert.deepEqual(await store.list(""), []);
}

async function bytesAt(store: Store, key: string): Promise<number[] | null> {
  const bytes = await store.read(key);
  return bytes === null ? null : [...bytes];
}

/** Keys that lead astray where keys become paths or addresses. */
const astray = ["a", "a/b", "A", "../x", "..", ".", "/", "//", "a//b", "/lead", "x/", "%2e"].concat(
  ["a+b", "a@", "a~", "b%", "\u{1F600}", "\uFFFD", "\uE000", " blank ", "é", "e\u0301", "?#&="],
);

function anyKey(random: Random): string {
  const kind = random.integer(4);
  if (kind < 2) return astray[random.integer(astray.length)]!;
  const [least, most] = kind === 2 ? [1, 60] : [200, 300];
  const length = least + random.integer(most - least + 1);
  return Array.from({ length }, () => anyCharacter(random, kind === 2)).join("");
}

/** Of any plane, control characters too; or a printable one of ASCII. */
function anyCharacter(random: Random, ofAnyPlane: boolean): string {
  if (!ofAnyPlane) return String.fromCharCode(32 + random.integer(95));
  const code = random.integer(random.integer(2) === 0 ? 0x80 : 0x110000 - 0x800);
  // Surrogates alone are no characters.
  return String.fromCodePoint(code < 0xd800 ? code : code + 0x800);
}

function anyBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.integer(301) }, () => random.integer(256));
}
