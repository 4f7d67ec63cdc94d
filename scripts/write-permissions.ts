import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { storePermissions } from "../src/platform/cloud/all-effects.ts";
import type { Permissions } from "../src/store-effects.ts";
import { prefixes } from "../src/store-layout.ts";

/*
 * Part of `npm run docs`: what every deployed function may do with the store, from the effects that
 * task kinds and the orchestrator's steps declare: for `infra/`, and as a table in docs/deploy.md.
 */

const from = (path: string) => fileURLToPath(new URL(path, import.meta.url));
export const permissionsPath = from("../infra/store-permissions.ts");
export const deployPagePath = from("../docs/deploy.md");

const begin = "<!-- What the functions may do: made by `npm run docs`. -->";
const end = "<!-- Up to here. -->";

/** The module that `infra/` takes the permissions from. */
export function permissionsModule(): string {
  return `/**
 * What each deployed function may do with objects, by patterns of keys. Made by \`npm run docs\`
 * from the effects that task kinds and the orchestrator's steps declare: edit those, not this file.
 */
export const storePermissions = ${JSON.stringify(storePermissions, null, 2)} as const;
`;
}

/** The page with its table as it should be. */
export function deployPage(page: string): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/deploy.md has no block between ${begin} and ${end}`);
  return `${before}${begin}\n\n${permissionTable()}\n\n${end}${after}`;
}

function permissionTable(): string {
  const { worker, networkWorker, orchestrator, preparer } = storePermissions;
  const roles = [worker, networkWorker, orchestrator, preparer];
  const rows = Object.values(prefixes)
    .map(({ pattern }) => [`\`${pattern}\``, ...roles.map((role) => verbs(role, pattern))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== ""));
  const header = ["on", "worker", "network worker", "orchestrator", "preparer"];
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join(
    "\n",
  );
}

function verbs({ read, list, write, remove }: Permissions, pattern: string): string {
  return [
    ...(read.includes(pattern) ? ["read"] : list.includes(pattern) ? ["list"] : []),
    ...(write.includes(pattern) ? ["write"] : []),
    ...(remove.includes(pattern) ? ["remove"] : []),
  ].join(", ");
}

if (import.meta.main) {
  writeFileSync(permissionsPath, permissionsModule());
  execFileSync("npx", ["biome", "format", "--write", permissionsPath]);
  writeFileSync(deployPagePath, deployPage(readFileSync(deployPagePath, "utf8")));
}
