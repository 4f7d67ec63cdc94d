import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { messageOf, RunError } from "../core/errors.ts";
import { asMapping } from "../core/json.ts";
import { parseEdges } from "../topology/edge-list.ts";

const bytesMax = 4 * 1024 * 1024;

/**
 * A spec whose graph is named by a file, with the file's edges in its place: what is recorded of a
 * run does not depend on files of one machine. The path is meant from the spec's folder.
 */
export async function withGraphEdges(spec: unknown, specPath: string): Promise<unknown> {
  const strategy = asMapping(asMapping(spec)?.strategy);
  const graph = asMapping(strategy?.graph);
  if (graph?.type !== "file" || typeof graph.path !== "string" || graph.path === "") return spec;
  const path = isAbsolute(graph.path) ? graph.path : join(dirname(specPath), graph.path);
  const edges = parseEdges(await readText(path), path);
  return { ...asMapping(spec), strategy: { ...strategy, graph: { type: "file", edges } } };
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= bytesMax) return await readFile(path, "utf8");
  } catch (cause) {
    throw new RunError("no-such-file", `strategy.graph.path: ${path}: ${messageOf(cause)}`, {
      hint: "give the path of a file with two numbers of nodes a line, from the spec's folder",
      cause,
    });
  }
  throw new RunError("bad-graph", `${path}: expected at most ${bytesMax} bytes`, {
    hint: "give a file with two numbers of nodes a line",
  });
}
