import { join } from "node:path";
import { messageOf, RunError } from "../core/errors.ts";
import type { WeatherConfig } from "../weather/weather.ts";
import { environmentOf, openLambda, type ServedS3 } from "./account.ts";
import { type Identity, type Keys, ownerKeys, ownerWith } from "./iam/identity.ts";
import type { EnvironmentInfo } from "./lambda/environments.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";
import type { LambdaFaults } from "./lambda/function-faults.ts";
import { listenLocally, type RequestHandler } from "./lambda/local-listener.ts";
import type { LambdaBill } from "./lambda/server.ts";
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

/** Who uses an emulator: functions of his own, and how they behave. Plain data, to be sent. */
export interface EmulatorUser {
  /** A free port where absent. */
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

/** An emulator that one uses alone. */
export interface EmulatorOptions extends EmulatorUser {
  /** The folder of everything that outlives the process. */
  readonly home: string;
  /** A free port where absent. */
  readonly s3Port?: number;
}

/** One of several users, told from the others by his name. */
export interface NamedUser extends EmulatorUser {
  readonly name: string;
  /** His own keys as an owner of the home, by which his faults are told from others'. */
  readonly keys: Keys;
}

/** S3 of a home, and Lambda for each of its users. */
export interface HomeEmulator {
  /** What the home's owner needs in his environment to find its S3. */
  readonly environment: Readonly<Record<string, string>>;
  /** Lambda for one more; its `close` ends that alone. */
  join(user: NamedUser): Promise<Emulator>;
  /** Once all have left. */
  close(): Promise<void>;
}

export interface EmulatorBill {
  readonly lambda: LambdaBill;
  readonly s3: S3Counts & { readonly costUsd: number };
  /** Requests and compute; storage by the month is not in it. */
  readonly costUsd: number;
}

/** Runs the emulator in this process, on 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const served = await serveS3(options);
  try {
    const emulator = await openLambda(served, options, null);
    return {
      ...emulator,
      async close() {
        await emulator.close();
        await served.close();
      },
    };
  } catch (thrown) {
    await served.close();
    throw thrown;
  }
}

/** Serves a home's S3 on 127.0.0.1, for whoever joins with functions of his own. */
export async function serveHome(
  options: Pick<EmulatorOptions, "home" | "s3Port">,
): Promise<HomeEmulator> {
  const served = await serveS3(options);
  const { owner, endpoint } = served;
  const environment = environmentOf({ s3: endpoint }, owner);
  return { environment, join: (user) => openLambda(served, user, user), close: served.close };
}

async function serveS3({
  home,
  s3Port,
}: Pick<EmulatorOptions, "home" | "s3Port">): Promise<ServedS3 & Pick<HomeEmulator, "close">> {
  // The home's owner, whose keys stay.
  const owner = ownerKeys(home);
  const identities = new Map<string, Identity>([[owner.accessKeyId, ownerWith(owner)]]);
  const s3 = await onceFree(() => createS3({ root: join(home, "s3"), identities }));
  try {
    const server = await listenLocally(byS3(s3), s3Port);
    const endpoint = `http://127.0.0.1:${server.port}`;
    const close = async () => void (await Promise.all([server.close(), s3.close()]));
    return { home, s3, endpoint, owner, identities, close };
  } catch (thrown) {
    await s3.close();
    throw thrown;
  }
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
