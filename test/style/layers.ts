/** What a folder of the source may import besides itself and Node's own modules. */
export interface Layer {
  /** Folders (or single files) of `src/`. */
  readonly folders: readonly string[];
  /** Outside packages; zod, in which every option is written, is free to all. */
  readonly packages: readonly string[];
}

const bottom = ["core", "limits", "ports"];
const mathematics = ["core", "limits", "math", "wire"];
const families = [
  "problems",
  "encoding",
  "optimizers",
  "compression",
  "privacy",
  "topology",
  "model-parallel",
];
const adapters = ["storage", "compute", "emulator", "data"];
const upper = ["run", "planner", "report"];

/** Which way imports go. `src/limits.ts` and other single files stand under their names. */
export const layers: Readonly<Record<string, Layer>> = {
  core: { folders: [], packages: ["fastest-levenshtein"] },
  limits: { folders: [], packages: [] },
  ports: { folders: [], packages: [] },
  math: { folders: bottom, packages: [] },
  wire: { folders: bottom, packages: [] },
  ...Object.fromEntries(families.map((name) => [name, { folders: mathematics, packages: [] }])),
  // Its ledger is kept in a store.
  privacy: { folders: [...mathematics, "ports"], packages: [] },
  /** Reached from the rest by dynamic import alone: only networks need what it loads. */
  problems: { folders: [...mathematics, "tfjs"], packages: [] },
  tfjs: {
    folders: [
      ...mathematics,
      "optimizers",
      "problems/problem.ts",
      // What a stage is to compute is planned there.
      "model-parallel/stage-program.ts",
    ],
    packages: [
      "@tensorflow/tfjs-core",
      "@tensorflow/tfjs-layers",
      "@tensorflow/tfjs-backend-cpu",
      "@tensorflow/tfjs-backend-wasm",
    ],
  },
  data: {
    folders: [...bottom, "math", "wire", "encoding/encoding.ts"],
    packages: ["csv-parse", "hyparquet", "hyparquet-compressors", "papaparse", "udsv"],
  },
  storage: {
    folders: [...bottom, "math", "wire", "data/source.ts"],
    packages: ["@aws-sdk/client-s3", "@smithy/node-http-handler"],
  },
  compute: {
    folders: [...bottom, "math", "wire"],
    packages: ["@aws-sdk/client-lambda", "@smithy/node-http-handler"],
  },
  emulator: { folders: [...bottom, "math", "wire"], packages: ["fast-xml-parser"] },
  run: { folders: [...bottom, "math", "wire", ...families, "data"], packages: ["yaml"] },
  planner: { folders: [...bottom, "math", "wire", ...families, "data", "run"], packages: [] },
  report: { folders: bottom, packages: ["@observablehq/plot", "esbuild"] },
  backends: {
    folders: [...mathematics, "ports", ...families, ...adapters, ...upper],
    packages: ["@aws/durable-execution-sdk-js"],
  },
  cli: {
    folders: [...mathematics, "ports", ...families, ...adapters, ...upper, "backends"],
    packages: ["cli-table3", "commander", "log-update", "open", "picocolors"],
  },
  /** The package's public face. */
  index: { folders: [...bottom, "run", "backends"], packages: [] },
  /** Event to adapters to one call; each names what it uses, so that its bundle holds no more. */
  functions: {
    folders: ["core", "limits", "ports", "wire", "storage", "compute", "run", "backends"],
    packages: [],
  },
  infra: { folders: ["limits"], packages: [] },
};

/** Packages that more than one folder imports, and why that is so. */
export const shared: Readonly<Record<string, string>> = {
  zod: "every option of every family is written in it",
  "@smithy/node-http-handler": "both AWS clients are handed their connections through it",
};
