import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { compressors } from "../src/compression/registry.ts";
import type { Registry } from "../src/core/registry.ts";
import { generators } from "../src/data/generators/registry.ts";
import { dataSchema } from "../src/data/options.ts";
import { encodings } from "../src/encoding/registry.ts";
import { optimizers } from "../src/optimizers/registry.ts";
import { problems } from "../src/problems/registry.ts";
import { specSchema } from "../src/run/resolve-spec.ts";
import { compressionOptions } from "../src/spec/run-spec.ts";
import { strategies } from "../src/strategies/registry.ts";
import { topologies } from "../src/topology/registry.ts";
import { latencyModels } from "../src/weather/registry.ts";
import { commonOptions } from "../src/weather/weather.ts";
import { docLines, jsonOf, propertyLines, type Replacements } from "./spec-types/print-type.ts";

/*
 * The types of a spec that is written in TypeScript: one interface a member, told apart by `type`,
 * with every option's doc, made of the registries. `npm run docs` writes them.
 */

const folder = fileURLToPath(new URL("../src/spec/choices/", import.meta.url));

interface Family {
  readonly file: string;
  /** The type that names a choice of this family. */
  readonly type: string;
  readonly about: string;
  readonly registry: Registry<unknown>;
  /** The key that tells members apart; `type` where absent. */
  readonly key?: string;
  /** What every member has besides its own options. */
  readonly common?: z.ZodRawShape;
  readonly imports?: readonly string[];
  readonly replaced?: Replacements;
  /** A member cannot be named without the mapping around it. */
  readonly mappingOnly?: true;
  /** How programs register members of their own, by this key of `Registered`. */
  readonly registered?: string;
}

const families: readonly Family[] = [
  {
    file: "problems",
    type: "ProblemChoice",
    about: "What is minimised.",
    registry: problems,
    registered: "problem",
  },
  {
    file: "encodings",
    type: "EncodingChoice",
    about: "How rows are stored redundantly.",
    registry: encodings,
    registered: "encoding",
  },
  {
    file: "graphs",
    type: "GraphChoice",
    about: "Who hears whom in consensus.",
    registry: topologies,
  },
  {
    file: "strategies",
    type: "StrategyChoice",
    about: "How training proceeds.",
    registry: strategies,
    imports: ['import type { GraphChoice } from "./graphs.ts";'],
    replaced: { "gossip.graph": "GraphChoice" },
  },
  {
    file: "optimizers",
    type: "OptimizerChoice",
    about: "How weights move.",
    registry: optimizers,
    registered: "optimizer",
  },
  {
    file: "compressors",
    type: "CompressionChoice",
    about: "How updates are told in few bits.",
    registry: compressors,
    ...{ common: compressionOptions, replaced: { down: "CompressionChoice" } },
    registered: "compression",
  },
  {
    file: "generators",
    type: "GeneratorChoice",
    about: "A data set that is made up.",
    registry: generators,
    mappingOnly: true,
  },
  {
    file: "weather",
    type: "WeatherChoice",
    about: "How the emulated platform behaves.",
    registry: latencyModels,
    key: "model",
    common: commonOptions,
    mappingOnly: true,
  },
];

const madeBy = "// Made by `npm run docs` from the registries: edit those, not this file.";

/** Every file of types by its path. */
export function specTypes(): Map<string, string> {
  const files = families.map((family) => [family.file, familyText(family)] as const);
  return new Map(
    [...files, ["data", dataText()] as const, ["spec", specText()] as const].map(
      ([file, text]) => [`${folder}${file}.ts`, text] as const,
    ),
  );
}

function familyText(family: Family): string {
  const { registry, type, about, common, imports = [], mappingOnly, registered } = family;
  const usesRegistered = registered === undefined ? [] : [registeredImport];
  const commonType = common === undefined ? [] : [commonText(family, common)];
  const shared = sharedTexts(family);
  const members = registry.members.map((member) => memberText(family, member, shared));
  const names = mappingOnly
    ? []
    : registry.members
        .filter(({ options }) => z.strictObject(options).safeParse({}).success)
        .flatMap(({ name, aliases = [] }) => [name, ...aliases])
        .map((name) => JSON.stringify(name));
  const interfaces = registry.members.map(({ name }) => memberType(type, name));
  const more = registered === undefined ? [] : [`Registered<${JSON.stringify(registered)}>`];
  const all = [...names, ...interfaces, ...more];
  const union = [...docLines(about, ""), `export type ${type} =`];
  const choices = all.map((one, i) => `  | ${one}${i === all.length - 1 ? ";" : ""}`);
  const head = [madeBy, ...imports, ...usesRegistered].join("\n");
  const sharedType =
    shared.length === 0 ? [] : [`interface ${type}Shared {\n${shared.join("\n")}\n}`];
  const sections = [
    head,
    ...commonType,
    ...sharedType,
    ...members,
    [...union, ...choices].join("\n"),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** Options that several members of a family have in the very same words. */
function sharedTexts(family: Family): string[] {
  const all = family.registry.members.map((member) => ownTexts(family, member));
  const counts = new Map<string, number>();
  for (const text of all.flat()) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [most, count] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? ["", 0];
  if (count < 3) return [];
  const having = all.filter((texts) => texts.includes(most));
  return having[0]!.filter((text) => having.every((texts) => texts.includes(text)));
}

function ownTexts(
  { replaced = {} }: Family,
  { name, options }: Registry<unknown>["members"][number],
): string[] {
  return propertyLines(jsonOf(z.strictObject(options)), name, "  ", replaced);
}

const registeredImport = 'import type { Registered } from "../registered.ts";';

function commonText({ type, replaced = {} }: Family, common: z.ZodRawShape): string {
  const lines = propertyLines(jsonOf(z.strictObject(common)), "", "  ", replaced);
  return `interface ${type}Common {\n${lines.join("\n")}\n}`;
}

function memberText(
  family: Family,
  member: Registry<unknown>["members"][number],
  shared: readonly string[],
): string {
  const { type, key = "type", common } = family;
  const { name, aliases = [], summary } = member;
  const texts = ownTexts(family, member);
  const isShared = shared.length > 0 && shared.every((text) => texts.includes(text));
  const own = isShared ? texts.filter((text) => !shared.includes(text)) : texts;
  const names = [name, ...aliases].map((one) => JSON.stringify(one)).join(" | ");
  const bases = [
    ...(common === undefined ? [] : [`${type}Common`]),
    ...(isShared ? [`${type}Shared`] : []),
  ];
  const base = bases.length === 0 ? "" : ` extends ${bases.join(", ")}`;
  return [
    ...docLines(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`, ""),
    `interface ${memberType(type, name)}${base} {`,
    // A latency model may be left out: lambda is the usual one.
    `  readonly ${key}${key === "model" && name === "lambda" ? "?" : ""}: ${names};`,
    ...own,
    "}",
  ].join("\n");
}

/** `l-bfgs` of OptimizerChoice is LBfgsOptimizer. */
function memberType(family: string, name: string): string {
  const words = name.split("-").map((word) => `${word[0]!.toUpperCase()}${word.slice(1)}`);
  return `${words.join("")}${family.replace("Choice", "")}`;
}

function dataText(): string {
  const replaced = { generate: "GeneratorChoice" };
  const lines = propertyLines(jsonOf(dataSchema), "", "  ", replaced);
  const head = [madeBy, 'import type { GeneratorChoice } from "./generators.ts";'].join("\n");
  const about = "/** Where rows are and how they become features: the `data` of a spec. */";
  return `${head}\n\n${about}\nexport interface DataChoice {\n${lines.join("\n")}\n}\n`;
}

/** Settings that name members of families, by the type of such a choice and the type's file. */
const settings: Readonly<Record<string, readonly [type: string, file: string]>> = {
  problem: ["ProblemChoice", "problems"],
  data: ["DataChoice", "data"],
  encoding: ["EncodingChoice", "encodings"],
  strategy: ["StrategyChoice", "strategies"],
  optimizer: ["OptimizerChoice", "optimizers"],
  compression: ["CompressionChoice", "compressors"],
  weather: ["WeatherChoice", "weather"],
};

/** What a spec may leave to the planner, by the word `auto`. */
const openSettings = ["workers", "encoding"];

function specText(): string {
  const imports = Object.values(settings)
    .map(([type, file]) => `import type { ${type} } from "./${file}.ts";`)
    .sort((a, b) => (a.split('"')[1]! < b.split('"')[1]! ? -1 : 1));
  const types = Object.entries(settings).map(([name, [type]]) => [
    name,
    openSettings.includes(name) ? `${type} | "auto"` : type,
  ]);
  const replaced = { ...Object.fromEntries(types), workers: 'number | "auto"' };
  const json = jsonOf(specSchema);
  const { wait, ...others } = json.properties!;
  const open = { ...wait, anyOf: [...wait!.anyOf!, { const: "auto" }] };
  const properties = { ...others, wait: open };
  const lines = propertyLines({ ...json, properties }, "", "  ", replaced);
  const about =
    "/** A spec as TypeScript writes it: members of families are told apart by `type`. */";
  const head = [madeBy, registeredImport, ...imports].join("\n");
  const body = lines
    .join("\n")
    .replace(/(readonly wait\?:[\s\S]*?);(?=\n {2}\/\*\*|$)/, '$1 | Registered<"wait">;');
  return `${head}\n\n${about}\nexport interface SpecChoices {\n${body}\n}\n`;
}

if (import.meta.main) for (const [path, text] of specTypes()) writeFileSync(path, text);
