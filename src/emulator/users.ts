import type { WeatherConfig } from "../weather/weather.ts";
import type { Keys } from "./iam/identity.ts";
import type { EnvironmentInfo } from "./lambda/environments.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";
import type { LambdaFaults } from "./lambda/function-faults.ts";
import type { LambdaBill } from "./lambda/server.ts";
import type { S3Faults } from "./s3/faults.ts";
import type { S3Counts } from "./s3/server.ts";

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
