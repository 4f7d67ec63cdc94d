import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { zipBytes } from "../../bench/startup/load.ts";
import { leftoversFile, leftoversIn, replaceFiles } from "../../scripts/replace-files.ts";
import { temporaryHome } from "../scenarios/workplace.ts";

const root = join(import.meta.dirname, "../..");

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test("a build replaces files one by one, and what a running command may load stays", async () => {
  await using place = await temporaryHome();
  const dist = write(join(place.path, "dist"), { "a.js": "1", "b/chunk-1.js": "x", "c.js": "=" });
  const untouched = statSync(join(dist, "c.js"));
  const next = (name: string, files: Readonly<Record<string, string>>) =>
    replaceFiles(write(join(place.path, name), files), dist);
  next("one", { "a.js": "2", "b/chunk-2.js": "y", "c.js": "=" });
  expect(readFileSync(join(dist, "a.js"), "utf8")).toBe("2");
  // A process that began before the build asks for its own chunk only later.
  expect(readFileSync(join(dist, "b/chunk-1.js"), "utf8")).toBe("x");
  const { ino, mtimeMs } = statSync(join(dist, "c.js"));
  expect({ ino, mtimeMs }).toEqual({ ino: untouched.ino, mtimeMs: untouched.mtimeMs });
  next("two", { "a.js": "3", "b/chunk-3.js": "z", "c.js": "=" });
  expect(readdirSync(join(dist, "b")).sort()).toEqual(["chunk-2.js", "chunk-3.js"]);
  // What is left for others is no part of what is deployed.
  expect([...leftoversIn(join(dist, "b"))]).toEqual([join(dist, "b/chunk-2.js")]);
  const apart = write(join(place.path, "apart"), { "chunk-3.js": "z" });
  expect(zipBytes(join(dist, "b"))).toBe(zipBytes(apart));
  rmSync(apart, { recursive: true });
  replaceFiles(write(join(place.path, "three"), { "a.js": "3" }), dist, { keepsLeftovers: false });
  expect(readdirSync(dist, { recursive: true }).sort()).toEqual(["a.js", "b"]);
  expect(readdirSync(place.path)).toEqual(["dist"]);
  expect(leftoversFile).toBe("leftovers.json");
});

test("the lock file says what package.json says", () => {
  const read = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8"));
  const { packages } = read("package-lock.json") as { packages: Record<string, object> };
  const manifest = read("package.json") as Record<string, unknown>;
  const locked = packages[""] as Record<string, unknown>;
  for (const key of Object.keys(locked)) expect(locked[key], key).toEqual(manifest[key]);
  const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
  for (const kind of kinds)
    for (const name of Object.keys((manifest[kind] ?? {}) as object)) {
      expect(locked[kind], kind).toHaveProperty([name]);
      if (kind !== "peerDependencies") expect(packages).toHaveProperty([`node_modules/${name}`]);
    }
});
