/** What a room of the source may import besides itself and Node's own modules. */
export interface Layer {
  /** Rooms, or single files of `src/`. */
  readonly rooms: readonly string[];
  /** Outside packages; zod, in which every option is written, is free to all. */
  readonly packages: readonly string[];
}

const bottom = ["core", "limits", "store-layout", "store-damage", "store-effects", "ports"];
const mathematics = ["core", "limits", "math", "wire"];
const families = ["problems", "encoding", "optimizers", "compression", "privacy", "topology"];
const data = ["data", "data/sources", "data/formats", "data/corpus", "data/generators"];
const storedData = [
  ...data,
  "data/parts",
  "data/encode",
  "data/shards",
  "data/prepare",
  "data/profile",
];
/** What strategies are made of. */
const kit = ["engine", "tasks", "quorum", "spec"];
const below = [...bottom, "math", "wire", ...families, "model-parallel", ...storedData];
const training = [...below, ...kit, "journal", "worker", "strategies", "run"];
const adapters = ["storage", "compute", "weather"];

/**
 * Which way imports go, from the bottom to the top. A room is a folder of `src/` (single files and
 * other folders of the project stand under their names); `data` and `platform` have rooms inside,
 * and a room inside is found before the one around it.
 */
export const layers: Readonly<Record<string, Layer>> = {
  core: { rooms: [], packages: ["fastest-levenshtein"] },
  limits: { rooms: [], packages: [] },
  "store-layout": { rooms: [], packages: [] },
  "store-damage": { rooms: ["core", "ports"], packages: [] },
  "store-effects": { rooms: ["store-layout"], packages: [] },
  ports: { rooms: [], packages: [] },
  math: { rooms: bottom, packages: [] },
  wire: { rooms: bottom, packages: [] },

  ...Object.fromEntries(families.map((name) => [name, { rooms: mathematics, packages: [] }])),
  "model-parallel": { rooms: [...mathematics, "ports"], packages: [] },
  // Its ledger is kept in a store.
  privacy: { rooms: [...mathematics, "ports"], packages: [] },
  /** Reached from the rest by dynamic import alone: only networks need what it loads. */
  problems: { rooms: [...mathematics, "model-parallel", "tfjs"], packages: [] },
  tfjs: {
    rooms: [...mathematics, "optimizers", "model-parallel", "problems/problem.ts"],
    packages: [
      "@tensorflow/tfjs-core",
      "@tensorflow/tfjs-layers",
      "@tensorflow/tfjs-backend-cpu",
      "@tensorflow/tfjs-backend-wasm",
    ],
  },

  /** The manifests and options that all rooms of the data share. */
  data: { rooms: ["core", "store-damage", "math", "data/corpus"], packages: [] },
  "data/corpus": { rooms: ["core"], packages: [] },
  "data/sources": { rooms: ["core"], packages: [] },
  "data/generators": { rooms: ["core"], packages: [] },
  "data/formats": {
    rooms: ["core", "math", "data", "data/sources"],
    packages: ["csv-parse", "hyparquet", "hyparquet-compressors", "hyparquet-writer"],
  },
  "data/parts": { rooms: [...bottom, "math", "wire", "data"], packages: [] },
  "data/prepare": {
    rooms: [...bottom, "math", ...data, "data/parts", "data/profile"],
    packages: [],
  },
  "data/profile": { rooms: ["core", "data", "data/formats", "data/sources"], packages: [] },
  "data/encode": {
    rooms: [...bottom, "math", "wire", "encoding/encoding.ts", "data", "data/parts"],
    packages: [],
  },
  "data/shards": {
    rooms: [...bottom, "math", "encoding/encoding.ts", "data", "data/parts", "data/encode"],
    packages: [],
  },

  engine: { rooms: ["core", "ports"], packages: [] },
  tasks: {
    rooms: [...bottom, "math", "wire", "compression", "privacy", "problems", "encoding"].concat([
      "optimizers",
      "model-parallel",
      "data",
      "data/shards",
    ]),
    packages: [],
  },
  quorum: {
    rooms: [
      "core",
      "limits",
      "store-damage",
      "ports",
      "math",
      "encoding/encoding.ts",
      "problems",
      "engine",
      "tasks",
    ],
    packages: [],
  },
  spec: {
    rooms: ["core", "limits", ...families, "data", "quorum", "reporters/reporter.ts"],
    packages: ["yaml"],
  },
  journal: { rooms: [...bottom, "wire", "spec"], packages: [] },
  worker: {
    rooms: [
      ...bottom,
      "math",
      "wire",
      "encoding/registry.ts",
      "problems",
      "data",
      "data/shards",
    ].concat("tasks"),
    packages: [],
  },
  strategies: {
    rooms: [...bottom, "math", "wire", ...families, "model-parallel"].concat([
      "data",
      "data/parts",
      "data/encode",
      "data/shards",
      ...kit,
    ]),
    packages: [],
  },
  run: {
    rooms: [...below, ...kit, "journal", "worker", "strategies", "reporters/reporter.ts"],
    packages: [],
  },

  planner: { rooms: [...training, "weather"], packages: [] },
  weather: { rooms: ["core"], packages: [] },
  storage: {
    rooms: [...bottom, "math", "wire", "data/sources/source.ts"].concat([
      "data/sources/file-pattern.ts",
    ]),
    packages: ["@aws-sdk/client-s3", "@smithy/node-http-handler"],
  },
  compute: {
    rooms: [...bottom, "math", "wire"],
    packages: ["@aws-sdk/client-lambda", "@smithy/node-http-handler"],
  },
  emulator: { rooms: [...bottom, "math", "wire", "weather"], packages: ["fast-xml-parser"] },
  simulation: { rooms: [...training, "weather", "storage/memory.ts"], packages: [] },
  /** Named exceptions to "only two SDKs talk to the outside"; reached by dynamic import alone. */
  reporters: {
    rooms: ["core", "ports"],
    packages: [
      "@opentelemetry/api",
      "@opentelemetry/exporter-trace-otlp-proto",
      "@opentelemetry/resources",
      "@opentelemetry/sdk-trace",
    ],
  },
  report: { rooms: bottom, packages: ["@observablehq/plot", "esbuild"] },

  /** What every platform shares. */
  platform: {
    rooms: [...training, ...adapters, "simulation", "planner", "reporters"],
    packages: [],
  },
  "platform/cloud": {
    rooms: [...training, ...adapters, "platform"],
    packages: ["@aws/durable-execution-sdk-js"],
  },
  "platform/billing": { rooms: [...training, "platform/cloud"], packages: [] },
  "platform/local": {
    rooms: [...training, ...adapters, "emulator", "simulation", "planner"].concat([
      "platform",
      "platform/cloud",
    ]),
    packages: [],
  },
  "platform/training": {
    rooms: [...training, ...adapters, "simulation", "planner", "report", "reporters"].concat([
      "platform",
      "platform/cloud",
      "platform/local",
    ]),
    packages: [],
  },
  /** Trained models as files of other formats; graphs are written in protobuf. */
  "model-export": {
    rooms: [...training, "tfjs", "platform/training"],
    packages: ["@bufbuild/protobuf"],
  },
  cli: {
    rooms: [...training, ...adapters, "emulator", "simulation", "planner", "report"].concat([
      "reporters/reporter.ts",
      "platform",
      "platform/cloud",
      "platform/billing",
      "platform/local",
      "platform/training",
      "model-export",
      "library",
      "ui",
    ]),
    packages: ["cli-table3", "commander", "log-update", "open", "picocolors"],
  },
  /** What programs call: the same as the command line, without a terminal. */
  library: {
    rooms: [
      ...training,
      "tfjs",
      "platform",
      "platform/local",
      "platform/training",
      "storage",
    ].concat(["model-export"]),
    packages: [],
  },
  /** The live page's server: reads runs as the command line does. */
  ui: {
    rooms: [...bottom, "wire", "journal", "run", "spec", "report"].concat(["platform/training"]),
    packages: [],
  },
  /** Contract suites for others' members: nothing else loads them. */
  testing: { rooms: ["core", "ports", "math", "wire", ...families], packages: [] },
  /** The package's public face. */
  index: { rooms: [...training, "library"], packages: [] },
  /** Event to adapters to one call; each names what it uses, so that its bundle holds no more. */
  functions: { rooms: ["core", "limits", "compute", "platform/cloud", "library"], packages: [] },
  infra: { rooms: ["limits"], packages: [] },
};

/** Packages that more than one folder imports, and why that is so. */
export const shared: Readonly<Record<string, string>> = {
  zod: "every option of every family is written in it",
  "@smithy/node-http-handler": "both AWS clients are handed their connections through it",
};
