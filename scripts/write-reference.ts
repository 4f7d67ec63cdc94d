import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import * as z from "zod";
import { compressors } from "../src/compression/registry.ts";
import {
  type ErrorCode,
  errorCodes,
  exitCodes,
  kindOf,
} from "../src/core/error-codes/error-codes.ts";
import type { Meanings } from "../src/core/error-codes/meanings.ts";
import type { Definition, Registry } from "../src/core/registry.ts";
import { generators } from "../src/data/generators/registry.ts";
import { dataSchema } from "../src/data/options.ts";
import { encodings } from "../src/encoding/registry.ts";
import { optimizers } from "../src/optimizers/registry.ts";
import { problems } from "../src/problems/registry.ts";
import { specSchema } from "../src/run/resolve-spec.ts";
import { type Accepts, acceptsInWords } from "../src/strategies/accepts.ts";
import { strategies } from "../src/strategies/registry.ts";
import { topologies } from "../src/topology/registry.ts";
import { latencyModels } from "../src/weather/registry.ts";
import { commonOptions } from "../src/weather/weather.ts";
import { optionRows } from "./describe-options.ts";

/** Where the reference stands in the repository. */
export const referencePath = fileURLToPath(new URL("../docs/reference.md", import.meta.url));

const namesPath = fileURLToPath(new URL("../test/vectors/names.json", import.meta.url));

interface Family {
  readonly title: string;
  /** What else the reference says of a member; none where absent. */
  readonly more?: (type: string) => string[];
  readonly about: string;
  readonly registry: Registry<unknown>;
  /** A member with options as it stands in a spec. */
  readonly asSpec: (type: string, options: object) => object;
}

/** Every family that a spec chooses from, in the order of the reference. */
export const families: readonly Family[] = [
  {
    title: "Problems",
    about: "What is minimised: `problem`.",
    registry: problems,
    asSpec: (type, options) => ({ problem: { type, ...options } }),
  },
  {
    title: "Encodings",
    about: "How rows are stored redundantly: `encoding`.",
    registry: encodings,
    asSpec: (type, options) => ({ encoding: { type, ...options } }),
  },
  {
    title: "Strategies",
    about:
      "How training proceeds: `strategy`, and what of a spec each takes. What hangs on several " +
      "settings at once is said where it is refused.",
    registry: strategies,
    asSpec: (type, options) => ({ strategy: { type, ...options } }),
    more: (type) => [acceptsTable(strategies.create({ type }).accepts)],
  },
  {
    title: "Graphs",
    about: "Who hears whom in consensus: `graph` of strategy gossip.",
    registry: topologies,
    asSpec: (type, options) => ({ strategy: { type: "gossip", graph: { type, ...options } } }),
  },
  {
    title: "Optimizers",
    about: "How weights move: `optimizer`.",
    registry: optimizers,
    asSpec: (type, options) => ({ optimizer: { type, ...options } }),
  },
  {
    title: "Compression",
    about: "How updates are told in few bits: `compression`.",
    registry: compressors,
    asSpec: (type, options) => ({ compression: { type, ...options } }),
  },
  {
    title: "Generators",
    about: "Data sets that are made up: `data.generate`.",
    registry: generators,
    asSpec: (type, options) => ({ data: { generate: { type, ...options } } }),
  },
  {
    title: "Weather models",
    about: "How late tasks are, in emulated and simulated runs: `weather.model`.",
    registry: latencyModels,
    asSpec: (model, options) => ({ weather: { model, ...options } }),
  },
];

/** The reference as Markdown, made of the registries and schemas alone. */
export function reference(): string {
  const sections = [
    "# Reference",
    "Made by `npm run docs` from the registries and schemas: edit those, not this page.",
    "## The spec",
    optionTable(specSchema),
    "## `data`",
    optionTable(dataSchema, "data."),
    "## `weather`",
    "`model` names a weather model; its own options stand beside these.",
    optionTable(z.strictObject(commonOptions), "weather."),
    ...families.flatMap(familySections),
    "## Errors",
    "What can be mended ends in a `RunError`: its `code` is one of these and stays, the exit " +
      "code says what kind of thing went wrong, and a hint what to do in the case at hand. " +
      "A stop of the run itself by its budget exits with 4 as well, and one that was interrupted " +
      "with 130. Every other error is a fault of kofn's, and exits with 1.",
    ...Object.entries(errorCodes).flatMap(([about, codes]) => [`### ${about}`, errorTable(codes)]),
  ];
  return `${sections.join("\n\n")}\n`;
}

function familySections({ title, about, registry, asSpec, more }: Family): string[] {
  const members = registry.members.flatMap((member) => [
    `### ${member.name}`,
    ...memberSections(member, asSpec),
    ...(more?.(member.name) ?? []),
  ]);
  return [`## ${title}`, about, ...members];
}

function memberSections(member: Definition, asSpec: Family["asSpec"]): string[] {
  const { aliases = [] } = member;
  const former = aliases.map((name) => `\`${name}\``).join(", ");
  const source = member.reference === undefined ? [] : [`Reference: ${member.reference}.`];
  const examples = member.examples.map((example) =>
    stringify(asSpec(member.name, example), { collectionStyle: "flow", lineWidth: 0 })
      .trim()
      // The outermost mapping reads better without its braces.
      .replace(/^\{ (.*) \}$/s, "$1"),
  );
  const schema = z.strictObject(member.options);
  return [
    `${member.summary[0]!.toUpperCase()}${member.summary.slice(1)}.`,
    ...source,
    ...(former === "" ? [] : [`Formerly ${former}, which still works.`]),
    Object.keys(member.options).length === 0 ? "No options." : optionTable(schema),
    `\`\`\`yaml\n${examples.join("\n")}\n\`\`\``,
  ];
}

function acceptsTable(accepts: Accepts): string {
  const rows = acceptsInWords(accepts).map(([what, words]) => `| ${what} | ${escaped(words)} |`);
  return ["| of a spec | it takes |", "|---|---|", ...rows].join("\n");
}

function errorTable(codes: Meanings): string {
  const rows = Object.entries(codes).map(([code, text]) => {
    const [means = "", remedy = ""] = text.split("; ");
    const exit = exitCodes[kindOf(code as ErrorCode)];
    return `| \`${code}\` | ${exit} | ${escaped(means)} | ${escaped(remedy)} |`;
  });
  return ["| code | exit | what it means | what to do |", "|---|---|---|---|", ...rows].join("\n");
}

function optionTable(schema: z.ZodType, prefix = ""): string {
  const rows = optionRows(schema, prefix).map(
    ({ name, doc, type, fallback }) =>
      `| \`${name}\` | ${escaped(doc)} | ${escaped(type)} | ${escaped(fallback)} |`,
  );
  return ["| option | what it is | takes | default |", "|---|---|---|---|", ...rows].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("\t", "\\t");
}

/** By family and member its options, separated by blanks. */
type Names = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** `listed` with whatever is new, and nothing taken away. */
function withNewNames(listed: Names): Names {
  const added = families.map(({ registry }) => {
    const known = listed[registry.family] ?? {};
    const present = registry.members.map(({ name, options }) => {
      const all = new Set([...(known[name] ?? "").split(" "), ...Object.keys(options)]);
      return [name, [...all].sort().join(" ").trim()] as const;
    });
    const members = { ...known, ...Object.fromEntries(present) };
    const sorted = Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1));
    return [registry.family, Object.fromEntries(sorted)] as const;
  });
  return { ...listed, ...Object.fromEntries(added) };
}

if (import.meta.main) {
  writeFileSync(referencePath, reference());
  const listed = JSON.parse(readFileSync(namesPath, "utf8")) as Names;
  writeFileSync(namesPath, `${JSON.stringify(withNewNames(listed), null, 2)}\n`);
}
