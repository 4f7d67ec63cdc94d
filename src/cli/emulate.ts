import { RunError } from "../core/errors.ts";
import { emulatedBackend } from "../platform/local/emulated.ts";
import { claimHome, serveAlone } from "../platform/local/home-claim.ts";
import { parseYaml } from "../spec/yaml-text.ts";
import { weatherFrom } from "../weather/weather.ts";
import type { Declare } from "./command.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export interface EmulateOptions {
  readonly weather?: string;
  readonly json?: boolean;
}

export const declareEmulate: Declare = (command, invoke) => {
  command
    .option("--weather <model>", "how the platform behaves: a name, or {model: late, ...}", "calm")
    .option("--json", "JSON lines on standard output")
    .action((options) => invoke((terminal) => emulate(options, terminal)));
};

/** `kofn emulate`: Lambda and S3 on this machine, until it is interrupted. */
export async function emulate(options: EmulateOptions, terminal: Terminal): Promise<number> {
  const weather = weatherOf(options.weather ?? "calm");
  await claimHome(terminal.home);
  const running = await serveAlone(terminal.home, () =>
    emulatedBackend({
      home: terminal.home,
      spec: { weather, seed: 1, workers: 1 },
      isOwner: true,
    }),
  );
  try {
    const { environment, endpoints } = running.emulator();
    const speak = say(terminal, options);
    for (const [name, value] of Object.entries(environment)) speak(`export ${name}=${value}`);
    speak("unset AWS_SESSION_TOKEN");
    terminal.err("the keys are this home's: S3 and Lambda refuse whoever signs with others");
    terminal.err(olderClients(endpoints));
    terminal.err("functions: worker, orchestrator; bucket: kofn; Ctrl-C ends it");
    if (options.json === true) printJson(terminal, { type: "ready", endpoints, environment });
    await interrupted(terminal);
    if (options.json === true)
      printJson(terminal, { type: "result", bill: await running.emulator().bill() });
  } finally {
    await running.close();
  }
  return 0;
}

/**
 * Endpoints from variables came in July 2023, with 1.29 and 2.13 of the command line and 1.28 of
 * boto3: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
function olderClients({ s3, lambda }: { readonly s3: string; readonly lambda: string }): string {
  return (
    "aws before 1.29 and 2.13, and boto3 before 1.28, ignore AWS_ENDPOINT_URL_S3 and " +
    `AWS_ENDPOINT_URL_LAMBDA: give them --endpoint-url ${s3}, or ${lambda}`
  );
}

/** Waits for Ctrl-C: neither the listener nor the emulator's process keeps this one alive. */
async function interrupted(terminal: Terminal): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => terminal.onInterrupt(resolve));
  clearInterval(alive);
}

/** A model's name, or a mapping as in a spec. */
function weatherOf(text: string): { readonly model: string } & Record<string, unknown> {
  const parsed = parseYaml(text, "--weather");
  const weather = typeof parsed === "string" ? { model: parsed } : parsed;
  if (typeof weather !== "object" || weather === null || Array.isArray(weather))
    throw new RunError("bad-weather", `--weather: ${JSON.stringify(text)} is not a weather`, {
      hint: "give a model's name, or a mapping as in a spec: '{model: late, probability: 0.1}'",
    });
  weatherFrom(weather, "--weather");
  return weather as { readonly model: string } & Record<string, unknown>;
}
