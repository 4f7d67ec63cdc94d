/** A command line that must be refused, and how. `{spec}` stands for the path of the spec. */
export interface BadSpec {
  readonly name: string;
  /** The spec's text; `spec.yaml` unless `file` says otherwise. */
  readonly spec: string | Uint8Array | null;
  readonly file?: string;
  readonly args?: readonly string[];
  readonly message: RegExp;
  readonly hint?: RegExp;
}

const data = "data: { generate: { type: regression, rows: 60, features: 3 }, target: y }\n";
const ridge = `problem: ridge\n${data}`;
const classes = "data: { generate: { type: classification, rows: 60, features: 3 }, target: y }\n";
const logistic = `problem: logistic\n${classes}`;

/** Cases that differ by their text alone. */
function texts(rows: readonly (readonly [string, string, RegExp, RegExp?])[]): BadSpec[] {
  return rows.map(([name, spec, message, hint]) =>
    hint === undefined ? { name, spec, message } : { name, spec, message, hint },
  );
}

const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]
${"bcdefgh"
  .split("")
  .map((name, i) => `${name}: &${name} [${`*${"abcdefgh"[i]}, `.repeat(10)}]`)
  .join("\n")}
`;

const yaml = texts([
  ["an empty spec", "", /spec is empty/, /problem:/],
  ["comments alone", "# nothing\n", /spec is empty/],
  ["a list", "- problem: ridge\n", /not a mapping/],
  ["a text", "ridge\n", /not a mapping/],
  ["a syntax error", "problem: ridge\ndata: { source: x\nworkers: 4\n", /line \d+, column \d+/],
  ["a tab as indentation", "data:\n\tsource: x\n", /line 2, column 1/],
  ["a key twice", `${ridge}seed: 1\nseed: 2\n`, /line 4.*second time/, /keep one/],
  ["an unknown anchor", "problem: *nothing\n", /line 1/],
  ["a cycle", `${ridge}weather: &w { model: calm, again: *w }\n`, /within itself/],
  ["an alias bomb", `${ridge}weather: { model: calm }\n${bomb}`, /alias/i, /write the values out/],
  ["an unknown tag", `problem: !secret ridge\n${data}`, /line 1.*tag/i],
  ["two documents", `${ridge}---\n${ridge}`, /document/],
]);

const keys = texts([
  [
    "several faults",
    "problem: { type: ridge, l3: 1 }\ndata: { sauce: x, dorp: 1 }\nstop: { round: 4 }\nseed: -1\n",
    /stop\.round: .*seed: .*data\.sauce: .*data\.dorp: .*problem\.l3: /,
    /"rounds".*"source".*"drop".*"l2"/,
  ],
  ["an unknown key", `${ridge}worker: 4\n`, /worker: unknown key/, /did you mean "workers"/],
  ["one below stop", `${ridge}stop: { round: 4 }\n`, /stop\.round: /, /did you mean "rounds"/],
  ["one below data", "problem: ridge\ndata: { sauce: x }\n", /data\.sauce: /, /"source"/],
  [
    "one of a problem",
    `problem: { type: ridge, l3: 1 }\n${data}`,
    /problem\.l3: unknown/,
    /did you mean "l2"/,
  ],
  [
    "one of an encoding",
    `${ridge}encoding: { type: hadamard, redundance: 2 }\n`,
    /encoding\.redundance/,
    /did you mean "redundancy"/,
  ],
  [
    "one of an optimizer",
    `${ridge}optimizer: { type: l-bfgs, memry: 3 }\n`,
    /optimizer\.memry/,
    /"memory"/,
  ],
  [
    "one of a weather",
    `${ridge}weather: { model: late, probabilty: 0.1 }\n`,
    /weather\.probabilty/,
    /"probability"/,
  ],
  [
    "one of a generator",
    "problem: ridge\ndata: { generate: { type: regression, row: 9 }, target: y }\n",
    /data\.generate\.row: /,
    /did you mean "rows"/,
  ],
]);

const names = texts([
  ["an unknown problem", `problem: rigde\n${data}`, /"rigde"/, /did you mean "ridge"/],
  ["an unknown encoding", `${ridge}encoding: hadamart\n`, /"hadamart"/, /"hadamard"/],
  ["an unknown optimizer", `${ridge}optimizer: lbfgs\n`, /"lbfgs"/, /"l-bfgs"/],
  ["an unknown weather", `${ridge}weather: { model: clam }\n`, /"clam"/, /"calm"/],
  [
    "an unknown generator",
    "problem: ridge\ndata: { generate: { type: regresion }, target: y }\n",
    /"regresion"/,
    /"regression"/,
  ],
  ["an unknown format", "problem: ridge\ndata: { source: x, format: cvs }\n", /data\.format/],
]);

const values = texts([
  ["no problem", data, /problem: .*got nothing/],
  ["no data", "problem: ridge\n", /data: .*got nothing/],
  ["neither source nor generator", "problem: ridge\ndata: {}\n", /data: .*source.*generate/],
  ["workers as text", `${ridge}workers: many\n`, /workers: .*"many"/],
  ["no workers", `${ridge}workers: 0\n`, /workers: .*got 0/],
  ["a million workers", `${ridge}workers: 1000000\n`, /workers: .*1000000/],
  ["a fraction of a worker", `${ridge}workers: 2.5\n`, /workers: .*2\.5/],
  ["k above n", `${ridge}workers: 4\nwait: { fastest: 5 }\n`, /wait: 5 replies.*4 workers/],
  ["k = 0", `${ridge}wait: { fastest: 0 }\n`, /wait/],
  ["a bad duration", `${ridge}wait: { deadline: soon, atLeast: 2 }\n`, /wait/],
  ["a deadline without least", `${ridge}wait: { deadline: 2s }\n`, /wait/],
  ["a redundancy below 1", `${ridge}encoding: { type: hadamard, redundancy: 0.5 }\n`, /redundancy/],
  ["a negative tolerance", `${ridge}stop: { tolerance: -1 }\n`, /stop\.tolerance: .*-1/],
  ["negative rounds", `${ridge}stop: { rounds: -1 }\n`, /stop\.rounds: .*-1/],
  ["no seconds", `${ridge}stop: { seconds: 0 }\n`, /stop\.seconds/],
  ["rounds that are none", `${ridge}stop: { rounds: .nan }\n`, /stop\.rounds/],
  ["a seed that is no integer", `${ridge}seed: 1.5\n`, /seed: .*1\.5/],
  ["a penalty as text", `problem: { type: ridge, l2: some }\n${data}`, /problem\.l2: .*"some"/],
  ["a negative penalty", `problem: { type: ridge, l2: -1 }\n${data}`, /problem\.l2: .*-1/],
  ["a weather's share above 1", `${ridge}weather: { model: calm, failures: 2 }\n`, /failures/],
  ["a test share above the most", `problem: ridge\ndata: { source: x, test: 2 }\n`, /data\.test/],
  ["a list for a mapping", `${ridge}stop: [1, 2]\n`, /stop/],
]);

const combinations = texts([
  [
    "mixtures under a loss that is not quadratic",
    `${logistic}encoding: hadamard\n`,
    /encoding: hadamard.*logistic/,
    /replication/,
  ],
  [
    "a safe step over a code that is no tight frame",
    `${ridge}encoding: gaussian\noptimizer: gradient-descent\n`,
    /safe step.*gaussian/,
    /l-bfgs/,
  ],
  [
    "groups that do not fit",
    `${ridge}workers: 7\nencoding: { type: replication, redundancy: 2 }\n`,
    /workers: 7/,
    /change workers/,
  ],
  [
    "mixtures of sparse data formed ahead",
    `problem: ridge
data: { generate: { type: sparse-classification, rows: 60, features: 9, entries: 2 } }
encoding: { type: hadamard, encode: ahead }\n`,
    /sparse/,
    /leave encode: ahead out/,
  ],
  [
    "three classes",
    `problem: logistic
data: { generate: { type: classification, rows: 90, classes: 3 }, target: y }\n`,
    /3 classes/,
  ],
]);

const run = (...more: string[]) => ["run", "{spec}", "--backend", "simulated", ...more];
const vary = (text: string) => ["compare", "{spec}", "--backend", "simulated", "--vary", text];

const commandLines: BadSpec[] = (
  [
    ["no such spec", ["run", "spce.yaml"], /spce\.yaml: there is no such spec/, /"spec\.yaml"/],
    ["a folder as spec", ["run", "."], /a directory/, /\.yaml/],
    ["a data file as spec", ["run", "rows.csv"], /does not end in "\.csv"/, /\.yaml/],
    ["--set without a value", run("--set", "seed"), /--set: "seed"/, /stop\.rounds=50/],
    ["--set of nothing", run("--set", "seed="), /--set: "seed="/],
    ["--set of an unknown place", run("--set", "sede=4"), /sede: unknown key/, /"seed"/],
    ["--set deep in an unknown place", run("--set", "stop.x.y=4"), /stop\.x/],
    ["--set within a number", run("--set", "seed.x=4"), /seed\.x: .*within 1/],
    ["--set with bad YAML", run("--set", "wait={fastest: 2"), /--set wait: line 1/],
    ["--set of a prototype", run("--set", "stop.__proto__=4"), /stop/],
    ["--vary without values", vary("wait"), /--vary: "wait"/],
    ["--vary with a gap", vary("seed=1,,2"), /--vary seed: .*between/],
    ["--vary of an unknown place", vary("wiat=all"), /wiat: unknown key/, /"wait"/],
    ["--vary of an impossible value", vary("workers=4,0"), /workers: .*0/],
    ["no repeats", [...vary("seed=1,2"), "--repeats", "0"], /--repeats: .*"0"/],
    ["compare without --vary", ["compare", "{spec}"], /--vary/],
    ["an unknown backend", ["run", "{spec}", "--backend", "thread"], /"thread"/, /"threads"/],
    [
      "an unknown command",
      ["rum", "{spec}"],
      /unknown command 'rum'/,
      /Did you mean one of rm, run\?/,
    ],
    ["an unknown flag", ["run", "{spec}", "--bakcend", "x"], /--bakcend/, /--backend/],
    ["a missing argument", ["run"], /missing required argument 'SPEC'/],
    ["one argument too many", ["list", "x"], /too many arguments/],
    ["a run's name out of bounds", run("--name", "../../etc"), /"\.\.\/\.\.\/etc" is not the name/],
    ["a run's name as a path", ["show", "../../etc"], /"\.\.\/\.\.\/etc" is not the name/],
    ["an unknown run", ["show", "nobody"], /nobody/, /kofn run/],
    ["the latest of no runs", ["resume", "latest"], /latest: there are no runs/],
    ["an unknown run to export", ["export", "nobody", "--format", "npy"], /nobody/],
    ["an unknown format", ["export", "nobody", "--format", "onxx"], /"onxx"/, /safetensors/],
    ["an unknown weather to emulate", ["emulate", "--weather", "clam"], /"clam"/, /"calm"/],
  ] as const
).map(([name, args, message, hint]) => ({
  name,
  spec: `${ridge}seed: 1\n`,
  args: args as readonly string[],
  message,
  ...(hint === undefined ? {} : { hint }),
}));

const files: BadSpec[] = [
  { name: "a spec that is not UTF-8", spec: Uint8Array.of(0xff, 0xfe, 0x80), message: /not UTF-8/ },
  { name: "an enormous spec", spec: `# ${"x".repeat(2 ** 20)}\n`, message: /at most 1048576/ },
  { name: "broken JSON", file: "spec.json", spec: '{"problem": "ridge",\n', message: /line 2/ },
  {
    name: "a module without a default",
    file: "spec.mjs",
    spec: "export const spec = {};\n",
    message: /no default export/,
    hint: /defineRun/,
  },
  {
    name: "a module that throws",
    file: "spec.mjs",
    spec: "throw new Error('no luck');\n",
    message: /no luck/,
  },
];

export const badSpecs: readonly BadSpec[] = [
  ...yaml,
  ...keys,
  ...names,
  ...values,
  ...combinations,
  ...commandLines,
  ...files,
];
