import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

/** A resource as Pulumi was asked for it. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

export interface Rehearsal {
  readonly resources: readonly Recorded[];
  readonly calls: readonly { readonly token: string; readonly inputs: Record<string, unknown> }[];
  /** What the deployment says when it has ended. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const platform = join(root, ".sst/platform");

/** SST's platform: its own components and types. Installed once, from the npm registry alone. */
export async function installPlatform(): Promise<void> {
  if (existsSync(join(platform, "node_modules/@pulumi/aws/package.json"))) return;
  const environment = {
    SST_SKIP_DEPENDENCY_CHECK: "1",
    SST_NO_BUN: "1",
    SST_TELEMETRY_DISABLED: "1",
  };
  const sst = join(root, "node_modules/.bin/sst");
  await run(sst, ["install", "--stage", "test"], {
    cwd: root,
    env: { ...process.env, ...environment },
  });
}

export interface RehearsalOptions {
  /** The folder to read in place of `infra/`. */
  readonly infra?: string;
  /** Of `deployKofn`, in place of its defaults. */
  readonly settings?: object;
}

/** What a deployment of `infra/` would ask AWS for: SST's real components over mocks, offline. */
export async function rehearse(
  stage: string,
  { infra = join(root, "infra"), settings = {} }: RehearsalOptions = {},
): Promise<Rehearsal> {
  const work = await mkdtemp(join(tmpdir(), "kofn-infra-"));
  const outfile = join(platform, `rehearsal-${basename(work)}.mjs`);
  try {
    await build({
      entryPoints: [join(import.meta.dirname, "entry.ts")],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node22",
      logLevel: "error",
      plugins: [
        {
          name: "deployment",
          setup({ onResolve, onLoad }) {
            onResolve({ filter: /^kofn:components$/ }, () => ({
              path: join(platform, "src/components/index.ts"),
            }));
            onResolve({ filter: /^kofn:infra$/ }, () => ({ path: "infra", namespace: "kofn" }));
            onLoad({ filter: /.*/, namespace: "kofn" }, () => ({
              contents: `export * from ${JSON.stringify(join(infra, "kofn.ts"))};`,
              resolveDir: root,
            }));
            onResolve({ filter: /^[^./]/ }, ({ path, namespace }) =>
              namespace === "kofn" || path.startsWith("/") || path.startsWith("kofn:")
                ? undefined
                : { path, external: true },
            );
          },
        },
      ],
    });
    const given = { KOFN_STAGE: stage, KOFN_WORK: work, KOFN_SETTINGS: JSON.stringify(settings) };
    const env = { ...process.env, ...given };
    const { stdout } = await run(process.execPath, [outfile], {
      cwd: root,
      env,
      maxBuffer: 1 << 26,
    });
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Rehearsal;
  } finally {
    await rm(outfile, { force: true });
    await rm(work, { recursive: true, force: true });
  }
}
