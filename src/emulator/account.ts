import { rm } from "node:fs/promises";
import { join } from "node:path";
import { compileCachePath } from "../core/compile-cache.ts";
import { prices } from "../limits.ts";
import { type Weather, weatherFrom } from "../weather/weather.ts";
import {
  drawKeys,
  type Identity,
  type Keys,
  localRegion,
  ownerWith,
  roleWith,
} from "./iam/identity.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";
import { listenLocally, type RequestHandler } from "./lambda/local-listener.ts";
import { createLambda, type LambdaBill } from "./lambda/server.ts";
import type { S3Faults } from "./s3/faults.ts";
import type { S3Counts, S3Server } from "./s3/server.ts";
import type { Emulator, EmulatorBill, EmulatorUser, NamedUser } from "./users.ts";

/** A home's S3 with whoever has keys. */
export interface ServedS3 {
  readonly home: string;
  readonly s3: S3Server;
  readonly endpoint: string;
  readonly owner: Keys;
  readonly identities: Map<string, Identity>;
}

/** Lambda beside a home's S3, for one user: the only one, or one of several by name and keys. */
export async function openLambda(
  { home, s3, endpoint, owner, identities }: ServedS3,
  options: EmulatorUser,
  user: Pick<NamedUser, "name" | "keys"> | null,
): Promise<Emulator> {
  const seed = options.seed ?? 0;
  const account = user?.name;
  const setS3Faults = (weather: Weather | undefined) =>
    s3.setFaults({ ...s3Faults(weather, seed), ...options.faults?.s3 }, account);
  const weather = options.weather && weatherFrom(options.weather);
  setS3Faults(weather);
  const signing = openKeys(identities, user?.keys ?? owner, account);
  // Lambda's port must be known before its environments are told of it.
  let byLambda: RequestHandler = (_request, response) => void response.writeHead(503).end();
  const server = await listenLocally(
    (request, response) => byLambda(request, response),
    options.lambdaPort,
  );
  const endpoints = { s3: endpoint, lambda: `http://127.0.0.1:${server.port}` };
  const environment = environmentOf(endpoints, user?.keys ?? owner);
  const folder = join(home, "lambda", ...(user === null ? [] : ["users", user.name]));
  const lambda = await createLambda({
    ...options,
    home: folder,
    functions: signing.forFunctions(options.functions),
    identities,
    // The second and later cold starts of a bundle need not compile it.
    variables: { NODE_COMPILE_CACHE: compileCachePath(), ...environment },
    weather,
    faults: options.faults?.lambda,
    seed,
    onOutput: options.verbose ? (_name, text) => void process.stderr.write(text) : undefined,
  }).catch(async (thrown) => {
    await server.close();
    throw thrown;
  });
  byLambda = lambda.handle;
  return {
    endpoints,
    environment,
    bill: async () => billOf(lambda.bill(), s3.counts(account)),
    environments: async () => lambda.environments(),
    async setWeather(next) {
      const changed = next && weatherFrom(next);
      lambda.setWeather(changed);
      setS3Faults(changed);
    },
    deploy: async (name, config) => lambda.deploy(name, signing.forFunction(name, config)),
    remove: (name) => lambda.remove(name),
    issueKeys: async () => signing.issue(),
    async close() {
      await Promise.all([server.close(), lambda.close()]);
      signing.withdraw();
      if (user !== null) await rm(folder, { recursive: true, force: true });
    },
  };
}

function billOf(lambda: LambdaBill, counts: S3Counts): EmulatorBill {
  const s3Usd = counts.puts * prices.s3.usdPerPut + counts.gets * prices.s3.usdPerGet;
  return { lambda, s3: { ...counts, costUsd: s3Usd }, costUsd: lambda.costUsd + s3Usd };
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

/** What a program needs in its environment to find a home's S3, and Lambda where there is one. */
export function environmentOf(
  { s3, lambda }: { readonly s3: string; readonly lambda?: string },
  owner: Keys,
): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_S3: s3,
    ...(lambda === undefined ? {} : { AWS_ENDPOINT_URL_LAMBDA: lambda }),
    AWS_REGION: localRegion,
    AWS_DEFAULT_REGION: localRegion,
    AWS_ACCESS_KEY_ID: owner.accessKeyId,
    AWS_SECRET_ACCESS_KEY: owner.secretAccessKey,
  };
}

/**
 * The keys of one user: his own, and those of every function that has a role, which are drawn anew
 * each time and put into its environment. A function without a role signs with his own.
 */
function openKeys(identities: Map<string, Identity>, own: Keys, account: string | undefined) {
  const drawn: string[] = [];
  const note = (keys: Keys, identity: Identity) => {
    const { accessKeyId } = keys;
    if (!identities.has(accessKeyId)) drawn.push(accessKeyId);
    identities.set(accessKeyId, account === undefined ? identity : { ...identity, account });
    return keys;
  };
  note(own, ownerWith(own));
  function forFunction(name: string, config: FunctionConfig): FunctionConfig {
    const { role } = config;
    if (role === undefined) return config;
    const keys = drawKeys();
    note(keys, roleWith(keys, name, role));
    const variables = {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    };
    return { ...config, environment: { ...config.environment, ...variables } };
  }
  return {
    forFunction,
    forFunctions(functions: EmulatorUser["functions"]) {
      const named = Object.entries(functions).map(
        ([name, config]) => [name, forFunction(name, config)] as const,
      );
      return Object.fromEntries(named);
    },
    /** Temporary keys of the owner's. */
    issue(): Keys {
      const keys = drawKeys("temporary");
      return note(keys, ownerWith(keys));
    },
    /** None of them counts any more; the home's own stay. */
    withdraw() {
      for (const key of drawn) identities.delete(key);
    },
  };
}
