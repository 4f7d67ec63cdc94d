import { join } from "node:path";
import type { EnvironmentInfo } from "./lambda/environments.ts";
import type { FunctionConfig } from "./lambda/function-config.ts";
import { listenOnLoopback } from "./lambda/loopback.ts";
import { createLambda, type LambdaBill } from "./lambda/server.ts";
import { type WeatherConfig, weatherFrom } from "./weather/weather.ts";

/** Lambda and S3 on this machine, over their wire APIs. */
export interface Emulator {
  readonly endpoints: { readonly s3: string; readonly lambda: string };
  /** What a program needs in its environment so that the AWS SDK finds the emulator. */
  readonly environment: Readonly<Record<string, string>>;
  bill(): Promise<EmulatorBill>;
  environments(): Promise<EnvironmentInfo[]>;
  /** For what begins from now on; undefined for none. */
  setWeather(weather: WeatherConfig | undefined): Promise<void>;
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
  readonly seed?: number | string;
  readonly retryDelaysMs?: readonly number[];
  /** Environments' output goes to this process's standard error. */
  readonly verbose?: boolean;
}

export interface EmulatorBill {
  readonly lambda: LambdaBill;
  readonly costUsd: number;
}

/** Runs the emulator in this process, on 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const weather = options.weather && weatherFrom(options.weather);
  const s3Server = await listenOnLoopback((_request, response) => {
    response.writeHead(503).end();
  }, options.s3Port);
  let handle: Parameters<typeof listenOnLoopback>[0] = (_request, response) => {
    response.writeHead(503).end();
  };
  const lambdaServer = await listenOnLoopback((request, response) => {
    handle(request, response);
  }, options.lambdaPort);
  const endpoints = {
    s3: `http://127.0.0.1:${s3Server.port}`,
    lambda: `http://127.0.0.1:${lambdaServer.port}`,
  };
  const environment = environmentOf(endpoints);
  const lambda = await createLambda({
    home: join(options.home, "lambda"),
    functions: options.functions,
    variables: environment,
    weather,
    seed: options.seed,
    retryDelaysMs: options.retryDelaysMs,
    onOutput: options.verbose ? (_name, text) => void process.stderr.write(text) : undefined,
  });
  handle = lambda.handle;
  return {
    endpoints,
    environment,
    async bill() {
      const bill = lambda.bill();
      return { lambda: bill, costUsd: bill.costUsd };
    },
    environments: async () => lambda.environments(),
    async setWeather(next) {
      lambda.setWeather(next && weatherFrom(next));
    },
    async close() {
      await Promise.all([lambdaServer.close(), lambda.close()]);
      await s3Server.close();
    },
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
