import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as z from "zod";
import { RunError } from "../../core/errors.ts";

/** Where a stage's resources are: what `sst deploy` said when it ended. */
export interface Deployment {
  readonly stage: string;
  readonly bucket: string;
  readonly worker: string;
  /** The version of it that was deployed; absent in older deployments, which published none. */
  readonly workerVersion?: string | undefined;
  /** Of deployments that have one for networks. */
  readonly networkWorker?: string | undefined;
  readonly networkWorkerVersion?: string | undefined;
  /** With its version: a durable function is invoked by a qualified name. */
  readonly orchestrator: string;
  /** Of deployments that read data by themselves: what prepares them, and from where it may. */
  readonly preparer?: string | undefined;
  readonly dataBuckets?: readonly string[] | undefined;
  /** Of deployments that answer with a model. */
  readonly predictor?: string | undefined;
  /** Reserved for the worker; absent where nothing is. */
  readonly concurrency?: number | undefined;
  /** Of a program's own, that its worker and its orchestrator register. */
  readonly members?: readonly string[] | undefined;
  /** What all its runs may spend on a day; absent in older deployments, which had no cap. */
  readonly dailyUsd?: number | undefined;
}

const shape = z.object({
  stage: z.string().min(1),
  bucket: z.string().min(3),
  worker: z.string().min(1),
  workerVersion: z.string().min(1).optional(),
  networkWorker: z.string().min(1).optional(),
  networkWorkerVersion: z.string().min(1).optional(),
  orchestrator: z.string().min(1),
  preparer: z.string().min(1).optional(),
  dataBuckets: z.array(z.string().min(3)).optional(),
  predictor: z.string().min(1).optional(),
  concurrency: z.number().int().min(1).optional(),
  members: z.array(z.string().min(1)).optional(),
  dailyUsd: z.number().positive().optional(),
});

/** Written by SST into the folder that holds sst.config.ts. */
const outputsName = join(".sst", "outputs.json");

/**
 * The deployed stage of that name: from SST's resource environment (`sst shell`), else from the
 * outputs of the last deployment from this folder or one above. Throws `RunError` where there is
 * none, where it is another stage's, or where it lacks something.
 */
export function findDeployment(
  stage: string,
  environment: NodeJS.ProcessEnv = process.env,
  folder: string = process.cwd(),
): Deployment {
  const remedy = `deploy it: npx sst deploy --stage ${stage}`;
  const linked = environment.SST_RESOURCE_Kofn;
  const file = linked === undefined ? outputsAbove(resolve(folder)) : null;
  if (linked === undefined && file === null) {
    throw new RunError("not-deployed", `--stage ${stage}: no deployment is known in ${folder}`, {
      hint: `${remedy}, or start kofn within npx sst shell --stage ${stage}`,
    });
  }
  const source = linked === undefined ? file! : "SST_RESOURCE_Kofn";
  const outputs = shape.safeParse(parsed(linked ?? readFileSync(file!, "utf8")));
  if (!outputs.success) {
    const lacking = outputs.error.issues[0]!.path.join(".") || "its values";
    throw new RunError("bad-deployment", `${source}: ${lacking} of the deployment is missing`, {
      hint: `${remedy} again, with this version of kofn`,
    });
  }
  if (outputs.data.stage !== stage) {
    throw new RunError(
      "other-stage",
      `--stage ${stage}: what is deployed from here is stage ${outputs.data.stage}`,
      { hint: `use --stage ${outputs.data.stage}, or ${remedy}` },
    );
  }
  return outputs.data;
}

function outputsAbove(folder: string): string | null {
  const file = join(folder, outputsName);
  if (existsSync(file)) return file;
  const above = dirname(folder);
  return above === folder ? null : outputsAbove(above);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
