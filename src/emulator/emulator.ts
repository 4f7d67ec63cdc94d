import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { messageOf, RunError } from "../core/errors.ts";
import { prices } from "../limits.ts";
import { type Weather, type WeatherConfig, weatherFrom } from "../weather/weather.ts";
import type { EnvironmentInfo } from "./lambda/environments.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";
import type { LambdaFaults } from "./lambda/function-faults.ts";
import { listenLocally, type RequestHandler } from "./lambda/local-listener.ts";
import { createLambda, type LambdaBill } from "./lambda/server.ts";
import type { S3Faults } from "./s3/faults.ts";
import type { Identity } from "./s3/gate.ts";
import { createS3, type S3Counts, type S3Server } from "./s3/server.ts";

const lockRetryMs = 50;
const lockPatienceMs = 1_500;

/** Lambda and S3 on this machine, over their wire APIs. */
export interface Emulator {
  readonly endpoints: { readonly s3: string; readonly lambda: string };
  /** What a program needs in its environment so that the AWS SDK finds the emulator. */
  readonly environment: Readonly<Record<string, string>>;
  bill(): Promise<EmulatorBill>;
  environments(): Promise<EnvironmentInfo[]>;
  /** For what begins from now on; undefined for none. */
  setWeather(weather: WeatherConfig | undefined): Promise<void>;
  /**
   * Puts other code in a function's place, as a deployment does; what was published before stays.
   * Returns the version that it publishes of it, where its configuration says so.
   */
  deploy(name: string, config: FunctionConfig): Promise<string | null>;
  close(): Promise<void>;
}

/** Plain data, so that it can be sent to another process. */
export interface EmulatorOptions {
  /** The folder of everything that outlives the process. */
  readonly home: string;
  /** Free ports where absent. */
  readonly s3Port?: number;
  readonly lambdaPort?: number;
  readonly functions: Readonly<Record<string, FunctionConfig>>;
  readonly weather?: WeatherConfig;
  /** What besides the weather goes wrong. */
  readonly faults?: { readonly s3?: S3Faults; readonly lambda?: LambdaFaults };
  readonly seed?: number | string;
  readonly retryDelaysMs?: readonly number[];
  /** Environments' output goes to this process's standard error. */
  readonly verbose?: boolean;
}

export interface EmulatorBill {
  readonly lambda: LambdaBill;
  readonly s3: S3Counts & { readonly costUsd: number };
  /** Requests and compute; storage by the month is not in it. */
  readonly costUsd: number;
}

/** Runs the emulator in this process, on 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const weather = options.weather && weatherFrom(options.weather);
  const seed = options.seed ?? 0;
  const root = join(options.home, "s3");
  const faultsOf = (sky: Weather | undefined) => ({
    ...s3Faults(sky, seed),
    ...options.faults?.s3,
  });
  const { functions, identities } = withKeys(options.functions);
  const s3 = await onceFree(() => createS3({ root, faults: faultsOf(weather), identities }));
  const s3Server = await listenLocally(byS3(s3), options.s3Port);
  // Lambda's port must be known before its environments are told of it.
  let byLambda: RequestHandler = (_request, response) => void response.writeHead(503).end();
  const lambdaServer = await listenLocally(
    (request, response) => byLambda(request, response),
    options.lambdaPort,
  );
  const endpoints = {
    s3: `http://127.0.0.1:${s3Server.port}`,
    lambda: `http://127.0.0.1:${lambdaServer.port}`,
  };
  const environment = environmentOf(endpoints);
  const lambda = await createLambda({
    home: join(options.home, "lambda"),
    functions,
    // The second and later cold starts of a bundle need not compile it.
    variables: { NODE_COMPILE_CACHE: resolve(options.home, "compile-cache"), ...environment },
    weather,
    faults: options.faults?.lambda,
    seed,
    retryDelaysMs: options.retryDelaysMs,
    onOutput: options.verbose ? (_name, text) => void process.stderr.write(text) : undefined,
  });
  byLambda = lambda.handle;
  return {
    endpoints,
    environment,
    bill: async () => billOf(lambda.bill(), s3.counts()),
    environments: async () => lambda.environments(),
    async setWeather(next) {
      const changed = next && weatherFrom(next);
      lambda.setWeather(changed);
      s3.setFaults(faultsOf(changed));
    },
    async deploy(name, config) {
      const again = withKeys({ [name]: config });
      for (const [key, identity] of again.identities) identities.set(key, identity);
      return lambda.deploy(name, again.functions[name]!);
    },
    async close() {
      await Promise.all([lambdaServer.close(), lambda.close()]);
      await Promise.all([s3Server.close(), s3.close()]);
    },
  };
}

function billOf(lambda: LambdaBill, counts: S3Counts): EmulatorBill {
  const s3Usd = counts.puts * prices.s3.usdPerPut + counts.gets * prices.s3.usdPerGet;
  return { lambda, s3: { ...counts, costUsd: s3Usd }, costUsd: lambda.costUsd + s3Usd };
}

/** A process that was killed may need a moment to let go of its folder. */
async function onceFree<T>(open: () => T): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += lockRetryMs) {
    try {
      return open();
    } catch (thrown) {
      const isInUse = thrown instanceof RunError && thrown.code === "root-in-use";
      if (!isInUse || waitedMs >= lockPatienceMs) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, lockRetryMs));
    }
  }
}

function byS3(s3: S3Server): RequestHandler {
  return (request, response) => {
    s3.handle(request, response).catch((thrown: unknown) => {
      process.emitWarning(`S3: ${messageOf(thrown)}`);
      response.destroy();
    });
  };
}

/** The weather's S3 errors, of the kinds that clients meet. */
function s3Faults(weather: Weather | undefined, seed: number | string): S3Faults {
  const share = weather?.s3Errors ?? 0;
  return {
    seed: `${seed}/s3`,
    slowDown: share / 4,
    internalError: share / 4,
    // Only writes that carry a condition can meet it: run records, and whatever is written once.
    conflict: share / 4,
    reset: share / 4,
  };
}

function environmentOf(endpoints: Emulator["endpoints"]): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
}

type Functions = Readonly<Record<string, FunctionConfig>>;

/**
 * Keys for every function that has a role: drawn anew each time, put into its environment, and
 * known to S3 as that role's.
 */
export function withKeys(functions: Functions): {
  readonly functions: Functions;
  readonly identities: Map<string, Identity>;
} {
  const identities = new Map<string, Identity>();
  const entries = Object.entries(functions).map(([name, config]) => {
    const { role } = config;
    if (role === undefined) return [name, config] as const;
    const accessKeyId = `AKIA${randomBytes(8).toString("hex").toUpperCase()}`;
    const secretAccessKey = randomBytes(30).toString("base64url");
    const arn = `arn:aws:sts::000000000000:assumed-role/${name}/${name}`;
    identities.set(accessKeyId, { secretAccessKey, arn, statements: role });
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    return [name, { ...config, environment: { ...config.environment, ...keys } }] as const;
  });
  return { functions: Object.fromEntries(entries), identities };
}
