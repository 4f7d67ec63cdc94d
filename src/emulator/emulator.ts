import { join } from "node:path";
import { compileCachePath } from "../core/compile-cache.ts";
import { messageOf, RunError } from "../core/errors.ts";
import { prices } from "../limits.ts";
import { type Weather, type WeatherConfig, weatherFrom } from "../weather/weather.ts";
import {
  drawKeys,
  type Identity,
  type Keys,
  localRegion,
  ownerKeys,
  ownerWith,
  roleWith,
} from "./iam/identity.ts";
import type { EnvironmentInfo } from "./lambda/environments.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";
import type { LambdaFaults } from "./lambda/function-faults.ts";
import { listenLocally, type RequestHandler } from "./lambda/local-listener.ts";
import { createLambda, type LambdaBill } from "./lambda/server.ts";
import type { S3Faults } from "./s3/faults.ts";
import { createS3, type S3Counts, type S3Server } from "./s3/server.ts";

const lockRetryMs = 50;
const lockPatienceMs = 1_500;

/** Lambda and S3 on this machine, over their wire APIs. */
export interface Emulator {
  readonly endpoints: { readonly s3: string; readonly lambda: string };
  /**
   * What a program needs in its environment so that the AWS SDK finds the emulator, and signs as
   * the owner of its home. The keys are the home's: they stay the same.
   */
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
  /** Takes a function away, as the removal of a stage does; what it is doing ends. */
  remove(name: string): Promise<void>;
  /** Temporary keys of the owner's, as AWS's token service gives them. */
  issueKeys(): Promise<Keys>;
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
  /** Environments of all functions that the account lets work at once; 1,000 where absent. */
  readonly concurrency?: number;
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
  const { functions, identities, owner, ...keys } = openKeys(options);
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
  const environment = environmentOf(endpoints, owner);
  const lambda = await createLambda({
    home: join(options.home, "lambda"),
    functions,
    identities,
    concurrency: options.concurrency,
    // The second and later cold starts of a bundle need not compile it.
    variables: { NODE_COMPILE_CACHE: compileCachePath(), ...environment },
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
      return lambda.deploy(name, keys.forFunction(name, config));
    },
    remove: (name) => lambda.remove(name),
    issueKeys: async () => keys.issue(),
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

function environmentOf(endpoints: Emulator["endpoints"], owner: Keys): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
    AWS_REGION: localRegion,
    AWS_DEFAULT_REGION: localRegion,
    AWS_ACCESS_KEY_ID: owner.accessKeyId,
    AWS_SECRET_ACCESS_KEY: owner.secretAccessKey,
  };
}

/**
 * Who there is: the home's owner, whose keys stay, and every function that has a role, with keys
 * that are drawn anew each time and put into its environment. A function without a role signs with
 * the owner's.
 */
function openKeys({ home, functions }: Pick<EmulatorOptions, "home" | "functions">) {
  const owner = ownerKeys(home);
  const identities = new Map<string, Identity>([[owner.accessKeyId, ownerWith(owner)]]);
  function forFunction(name: string, config: FunctionConfig): FunctionConfig {
    const { role } = config;
    if (role === undefined) return config;
    const keys = drawKeys();
    identities.set(keys.accessKeyId, roleWith(keys, name, role));
    const signing = {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    };
    return { ...config, environment: { ...config.environment, ...signing } };
  }
  const named = Object.entries(functions).map(
    ([name, config]) => [name, forFunction(name, config)] as const,
  );
  return {
    ...{ owner, identities, forFunction },
    functions: Object.fromEntries(named),
    /** Temporary keys of the owner's. */
    issue(): Keys {
      const keys = drawKeys("temporary");
      identities.set(keys.accessKeyId, ownerWith(keys));
      return keys;
    },
  };
}
