import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHome } from "../../src/platform/local/home.ts";
import { campaign } from "../campaign.ts";
import { type Ended, kofn, newFolder } from "./fixtures.ts";

const tied = fileURLToPath(new URL("../fixtures/networks/tied.ts", import.meta.url));
const small = { workers: 4, wait: "all", stop: { rounds: 3, tolerance: 0 }, seed: 3 };
const generated = (type: string, more: object = {}) => ({
  generate: { type, rows: 120, features: 3, ...more },
});
const linear = { ...small, problem: "lasso", optimizer: "fista", data: generated("regression") };
const encoding = { type: "hadamard", redundancy: 2 };

/** A home each, with a run `one`; `twin` has a run `other` like that of `linear`. */
const specs: Record<string, object> = {
  bent: { ...small, problem: "ridge", data: generated("regression"), strategy: "async-sgd" },
  linear: { ...linear, encoding, data: { ...linear.data, test: 0.25 } },
  twin: { ...linear, encoding, data: { ...generated("regression", { rows: 124 }), test: 0.25 } },
  hidden: {
    ...small,
    problem: "mean",
    data: { ...generated("regression"), standardize: false },
    strategy: "gossip",
    privacy: { epsilon: 8, delta: 1e-5, unit: "node", adjacency: "replace-one", clip: 1 },
  },
  cut: {
    ...small,
    workers: 3,
    problem: { type: "network", model: tied },
    data: generated("classification", { rows: 40, features: 12, classes: 3 }),
    optimizer: { type: "adam", learningRate: 0.01 },
    strategy: { type: "pipeline", stages: 3, microbatches: 2, batch: 8 },
  },
  held: {
    ...small,
    problem: "softmax",
    data: generated("classification", { classes: 2 }),
    strategy: "local-steps",
    compression: { type: "top-k", k: 2 },
    stop: { rounds: 40, tolerance: 0, seconds: 1 },
  },
};

/** Kinds of objects: a home that has one, and the pattern of its key. */
const kinds: Record<string, readonly [home: string, key: RegExp]> = {
  record: ["linear", /^runs\/\w+\/run\.json$/],
  state: ["linear", /^runs\/\w+\/state\.safetensors$/],
  "first events": ["linear", /^runs\/\w+\/events\/00000001\./],
  "later events": ["linear", /^runs\/\w+\/events\/0000000[^1]\./],
  result: ["linear", /^runs\/\w+\/result\.json$/],
  evaluation: ["linear", /^runs\/\w+\/evaluation\.json$/],
  model: ["linear", /^runs\/\w+\/model\.safetensors$/],
  prepared: ["linear", /^prepared\/[0-9a-f]+\.json$/],
  encoded: ["linear", /^encoded\/[0-9a-f]+\.json$/],
  curvature: ["bent", /^prepared\/.*\.curvature\.json$/],
  part: ["linear", /^parts\//],
  network: ["cut", /^networks\//],
  "model part": ["cut", /^runs\/\w+\/model\//],
  message: ["hidden", /^runs\/\w+\/round\/1\/node\//],
  "ledger entry": ["hidden", /^runs\/\w+\/ledger\/node-0\/\d/],
  secret: ["hidden", /^secrets\/\w+\/node-0$/],
  memory: ["held", /^runs\/\w+\/memory\//],
};

type Damage = (bytes: Uint8Array, twin: Uint8Array) => Uint8Array | null;

const damages: Record<string, Damage> = {
  removed: () => null,
  emptied: () => new Uint8Array(0),
  "cut off": (bytes) => bytes.slice(0, Math.ceil(bytes.length / 2)),
  lengthened: (bytes) => Buffer.concat([bytes, Buffer.from("}")]),
  zeroed: (bytes) => new Uint8Array(bytes.length),
  "a changed digit": (bytes) => {
    const changed = bytes.slice();
    const digits = [...changed.keys()].filter((at) => changed[at]! >= 48 && changed[at]! <= 56);
    const at = digits.at(digits.length >> 1) ?? changed.length >> 1;
    changed[at]! ^= 1;
    return changed;
  },
  "another's": (_bytes, twin) => twin,
};

/** All that read a run; `resume` writes what it can again. */
const commands: Record<string, readonly string[]> = {
  list: ["list"],
  show: ["show", "one"],
  watch: ["watch", "one"],
  bill: ["bill", "one"],
  replay: ["replay", "one"],
  report: ["report", "one"],
  predict: ["predict", "one", "ROWS"],
  export: ["export", "one", "--format", "json", "--output", "EXPORTED"],
  resume: ["resume", "one"],
};

let folder: Awaited<ReturnType<typeof newFolder>>;
const keys: Record<string, readonly string[]> = {};
beforeAll(async () => {
  folder = await newFolder();
  for (const [name, spec] of Object.entries(specs)) {
    const home = join(folder.path, name);
    await mkdir(home);
    await writeFile(`${home}.json`, JSON.stringify(spec));
    const width = name === "cut" ? 12 : 3;
    const header = Array.from({ length: width }, (_, i) => `x${i}`).join(",");
    await writeFile(`${home}.csv`, `${header}\n${"0.1,".repeat(width - 1)}0.2\n`);
    const run = name === "twin" ? "other" : "one";
    const { exitCode, err } = await kofn(home, "simulate", `${home}.json`, "--name", run);
    expect([0, 4], err).toContain(exitCode);
    keys[name] = await inStore(name, (store) => store.list(""));
  }
});
afterAll(() => folder.remove());

type Opened = Awaited<ReturnType<typeof openHome>>["store"];

async function inStore<T>(name: string, use: (store: Opened) => Promise<T>): Promise<T> {
  const home = await openHome(join(folder.path, name));
  try {
    return await use(home.store);
  } finally {
    await home.close();
  }
}

/** What a command says and writes. */
interface Seen extends Ended {
  readonly files: string;
}

async function seen(name: string, command: string): Promise<Seen> {
  const home = join(folder.path, name);
  const exported = `${home}.exported.json`;
  await writeFile(exported, "");
  const args = commands[command]!.map((arg) =>
    arg === "ROWS" ? `${home}.csv` : arg === "EXPORTED" ? exported : arg,
  );
  const ended = await kofn(home, ...args);
  const report = command === "report" && ended.exitCode === 0;
  const files = await readFile(report ? ended.out.trim() : exported, "utf8");
  return { ...ended, files };
}

const keyOf = (kind: string): string => {
  const [home, pattern] = kinds[kind]!;
  const found = keys[home]!.find((key) => pattern.test(key));
  expect(found, `${home} has a ${kind}`).toBeDefined();
  return found!;
};

/** The whole table under `soak`; otherwise a part with every kind, damage and command in it. */
const whole = Object.keys(kinds).flatMap((kind) =>
  Object.keys(damages).flatMap((damage) =>
    Object.keys(commands).map((command) => [kind, damage, command] as const),
  ),
);
const some = [
  ["model", "a changed digit", "predict"],
  ["model", "a changed digit", "export"],
  ["model", "cut off", "resume"],
  ["result", "emptied", "resume"],
  ["first events", "removed", "report"],
  ["state", "zeroed", "resume"],
  ...Object.keys(kinds).map((kind, k) => {
    const [of, by] = [Object.keys(damages), Object.keys(commands)];
    return [kind, of[(3 * k) % of.length]!, by[(4 * k) % by.length]!] as const;
  }),
] as const;
const table = campaign<readonly (readonly [string, string, string])[]>(some, whole);

describe("a damaged object", () => {
  const undamaged = new Map<string, Seen>();
  test.each(table)("%s, %s: kofn %s says so, or nothing changes", async (kind, damage, command) => {
    const [name] = kinds[kind]!;
    const key = keyOf(kind);
    const place = `${name} ${command}`;
    if (!undamaged.has(place) && command !== "resume")
      undamaged.set(place, await seen(name, command));
    const original = await inStore(name, async (store) => {
      const bytes = (await store.read(key))!;
      const others = await twinOf(kind, key);
      const damaged = damages[damage]!(bytes, others ?? Buffer.from(key));
      await (damaged === null ? store.remove(key) : store.write(key, damaged));
      return bytes;
    });
    try {
      if (command === "resume") await resumed(name, key, name === "held");
      else judge(undamaged.get(place)!, await seen(name, command), key, [kind, damage]);
    } finally {
      await inStore(name, (store) => store.write(key, original));
    }
  });

  /** The object that a run like this one has in its place. */
  async function twinOf(kind: string, key: string): Promise<Uint8Array | null> {
    const [name, pattern] = kinds[kind]!;
    const from = name === "linear" ? "twin" : name;
    const others = keys[from]!.filter((one) => pattern.test(one) && one !== key);
    const at = from === "twin" ? (keys.twin!.find((one) => pattern.test(one)) ?? key) : others[0];
    return at === undefined ? null : inStore(from, (store) => store.read(at));
  }
});

function judge(before: Seen, after: Seen, key: string, [kind, damage]: readonly string[]): void {
  const said = `${after.exitCode}\n${after.out}${after.err}`;
  expect(said).not.toMatch(/a fault in kofn|undefined|NaN|\[object/);
  const isSame = after.exitCode === before.exitCode && after.out === before.out;
  if (isSame && after.files === before.files) return;
  // A run that was killed before its last write is not damaged, and is told of as such.
  if (kind === "result" && damage === "removed" && after.exitCode !== 2) {
    expect(said).toMatch(/kofn resume|not done|–|report\.html|never reported/);
    return;
  }
  expect(after.exitCode, said).toBe(2);
  // Of two whole objects that do not go together either may be the wrong one.
  expect(after.err).toContain(damage === "another's" ? key.replace(/[^/]*$/, "") : key);
  const [error, hint] = after.err.trim().split("\n").slice(-2);
  expect(error, said).toMatch(/^error: /);
  expect(hint, said).toMatch(/^hint: (?!.*(remove|delete))/);
}

/** In a copy of the home: goes on to a run with the model that it had, or refuses. */
async function resumed(of: string, key: string, isHeld: boolean): Promise<void> {
  const name = `${of}-copy`;
  await rm(join(folder.path, name), { recursive: true, force: true });
  await cp(join(folder.path, of), join(folder.path, name), { recursive: true });
  await cp(join(folder.path, `${of}.csv`), join(folder.path, `${name}.csv`));
  const before = await inStore(name, (store) => store.read("runs/one/model.safetensors"));
  const { exitCode, out, err } = await kofn(join(folder.path, name), "resume", "one");
  expect(`${out}${err}`).not.toMatch(/a fault in kofn|undefined|NaN|\[object/);
  if (exitCode === 2) {
    expect(err).toContain(key);
    expect(err).not.toMatch(/hint:.*(remove|delete)/);
    return;
  }
  expect([0, 4], err).toContain(exitCode);
  const ended = await seen(name, "predict");
  expect(ended.exitCode, ended.err).toBe(0);
  if (!isHeld && !key.endsWith("model.safetensors")) {
    const after = await inStore(name, (store) => store.read("runs/one/model.safetensors"));
    expect(Buffer.compare(after!, before!)).toBe(0);
  }
}
