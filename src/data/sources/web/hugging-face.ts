import { RunError } from "../../../core/errors.ts";
import { asMapping, parseJson } from "../../../core/json.ts";
import { isPattern, tableFiles } from "../file-pattern.ts";
import type { Source, SourceFile } from "../source.ts";
import { openHttps } from "./https-source.ts";
import { checkAddress, get, type ServerAccess } from "./requests.ts";

/** A list of a data set's files is no longer. */
const listBytesMax = 64 * 1024 * 1024;

/** `hf://datasets/org/name@revision/path`, taken apart. */
interface HubAddress {
  readonly repository: string;
  readonly revision: string;
  readonly path: string;
}

/**
 * The files that an address of a hub's data set stands for, each with the commit that its revision
 * is now: a file itself, those of a folder or a pattern, or of the whole all Parquet files. Throws
 * `RunError` where there are none.
 */
export async function listHub(address: string): Promise<readonly SourceFile[]> {
  const { repository, revision, path } = partsOf(address);
  const { commit, files } = await readCommit(address, repository, revision);
  const named = (path: string) => `hf://datasets/${repository}@${commit}/${path}`;
  if (files.includes(path)) return [{ source: named(path), partition: {} }];
  const folder = path.replace(/\/$/, "");
  const below = folder === "" || isPattern(path) ? files : filesIn(files, folder);
  const found = tableFiles(below, isPattern(path) ? path : folder === "" ? "**.parquet" : null);
  const prefix = folder === "" || isPattern(path) ? "" : `${folder}/`;
  if (found.length > 0)
    return found.map(({ path, partition }) => ({ source: named(`${prefix}${path}`), partition }));
  const what = path === "" ? "a Parquet file" : `${path}, a file, a folder or a pattern`;
  throw new RunError("unreadable-address", `${address}: its revision has no such file (${what})`, {
    hint:
      files.length === 0
        ? "check the name and the revision"
        : `it has ${files.slice(0, 5).join(", ")}; the hub's own Parquet is at revision ~parquet`,
  });
}

/** One file of a commit, or of what a revision is now. */
export async function openHub(address: string): Promise<Source> {
  const { repository, revision, path } = partsOf(address);
  const commit = isCommit(revision)
    ? revision
    : (await readCommit(address, repository, revision)).commit;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const name = `hf://datasets/${repository}@${commit}/${path}`;
  const url = `${endpoint()}/datasets/${repository}/resolve/${commit}/${encoded}`;
  return openHttps(url, { name, identity: name, access: access() });
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** As the hub's own clients take it. */
function endpoint(): string {
  return (process.env.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/$/, "");
}

/** `HF_TOKEN`, as the hub's own clients take it: for the hub alone, not for where its files lie. */
function access(): ServerAccess {
  const token = process.env.HF_TOKEN?.trim() || undefined;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new RunError("bad-address", "HF_TOKEN: it holds characters that no token has", {
      hint: "copy it again from the hub's settings, or unset it: what is public needs none",
    });
  const hint =
    token === undefined
      ? "check the name; for what is not public set HF_TOKEN"
      : "check the name, and that the token in HF_TOKEN may read it (its terms were accepted)";
  return { origin: checkAddress(endpoint()).origin, token, hint };
}

function partsOf(address: string): HubAddress {
  const parts = /^hf:\/\/datasets\/([\w.-]+\/[\w.-]+)(?:@([^/]+))?(?:\/(.*))?$/.exec(address);
  if (parts === null)
    throw new RunError("bad-address", `${address}: expected hf://datasets/org/name@revision`, {
      hint: "a path or a pattern may follow: hf://datasets/org/name@main/data/*.parquet",
    });
  const [, repository, revision = "main", path = ""] = parts;
  const own = revision === "~parquet" ? "refs/convert/parquet" : decodeURIComponent(revision);
  return { repository: repository!, revision: own, path };
}

async function readCommit(address: string, repository: string, revision: string) {
  const of = encodeURIComponent(revision);
  const url = `${endpoint()}/api/datasets/${repository}/revision/${of}`;
  const answer = await get(url, {}, access());
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body(listBytesMax)) chunks.push(chunk);
  const told = asMapping(parseJson<unknown>(Buffer.concat(chunks), url));
  const commit = told?.sha;
  const siblings = told?.siblings;
  if (typeof commit !== "string" || !isCommit(commit) || !Array.isArray(siblings))
    throw new RunError("unreadable-address", `${address}: the hub's answer names no commit`, {
      hint: "check HF_ENDPOINT, or download the files",
    });
  const files = siblings.flatMap((one) => {
    const name = asMapping(one)?.rfilename;
    return typeof name === "string" ? [name] : [];
  });
  return { commit, files };
}

function filesIn(files: readonly string[], folder: string): string[] {
  const prefix = `${folder}/`;
  return files.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length));
}
