import { hash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { closeOwnFolder, ownFile } from "../core/own-files.ts";
import type { Builder } from "../tfjs/model-source.ts";
import type { SpecInCode } from "./spec-in-code.ts";

/**
 * The spec with a network from code as a model.json of the home, named by what it holds. What
 * computes networks is loaded for that alone.
 */
export async function withNetworkFile(spec: SpecInCode, home: string): Promise<SpecInCode> {
  const { problem } = spec;
  if (typeof problem === "string" || !("model" in problem)) return spec;
  const { model } = problem;
  if (typeof model === "string") return spec;
  const { modelJsonOf } = await import("../tfjs/model-source.ts");
  const { json, weights } = await modelJsonOf(model as unknown as Builder);
  const digest = hash("sha256", Buffer.concat([Buffer.from(json), weights]), "hex");
  const folder = join(resolve(home), "models", digest);
  closeOwnFolder(resolve(home));
  closeOwnFolder(folder);
  await writeFile(join(folder, "weights.bin"), weights, { mode: ownFile });
  await writeFile(join(folder, "model.json"), json, { mode: ownFile });
  return { ...spec, problem: { ...problem, model: join(folder, "model.json") } as never };
}
