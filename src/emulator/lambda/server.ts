import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { lambda } from "../../limits.ts";
import { fair, fateOf } from "../weather/fate.ts";
import type { Weather } from "../weather/weather.ts";
import { type FunctionBill, meter, noBill, sum } from "./bill.ts";
import { type EnvironmentInfo, openFleet } from "./environments.ts";
import { openEvents } from "./events.ts";
import { LambdaError, sendError, tooLarge } from "./failures.ts";
import { checkFunction, type FunctionConfig } from "./function-config.ts";
import { type Call, openInvoker } from "./invoke.ts";
import { checkedEvent } from "./json.ts";
import { startReaper } from "./reaper.ts";
import { sendReply, streamReply } from "./replies.ts";
import { checkTenant, type Route, routeOf } from "./route.ts";

/** Functions behind Lambda's wire API, each in environments of its own. */
export interface LocalLambda {
  handle(request: IncomingMessage, response: ServerResponse): void;
  bill(): LambdaBill;
  environments(): EnvironmentInfo[];
  /** For invocations that begin from now on. */
  setWeather(weather: Weather | undefined): void;
  /** Ends every environment. */
  close(): Promise<void>;
}

export interface LambdaBill extends FunctionBill {
  readonly functions: Readonly<Record<string, FunctionBill>>;
}

export interface LambdaOptions {
  /** Where accepted asynchronous events wait, so that they outlive this process. */
  readonly home: string;
  readonly functions: Readonly<Record<string, FunctionConfig>>;
  /** Given to every environment: endpoints, credentials. */
  readonly variables: Readonly<Record<string, string>>;
  readonly weather?: Weather | undefined;
  readonly seed?: number | string | undefined;
  /** Waits before an asynchronous event's second and third attempt; a minute and two on AWS. */
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** What environments print. */
  readonly onOutput?: ((functionName: string, text: string) => void) | undefined;
}

const memoryCheckMs = 200;

export async function createLambda(options: LambdaOptions): Promise<LocalLambda> {
  let { weather } = options;
  const seed = options.seed ?? 0;
  const counters = new Map<string, number>();
  const reaper = startReaper();
  const functions = new Map(
    Object.entries(options.functions).map(([name, config]) => {
      checkFunction(name, config);
      const onOutput = options.onOutput && ((text: string) => options.onOutput?.(name, text));
      const fleet = openFleet({ name, config, variables: options.variables, reaper, onOutput });
      const bill = meter(config);
      fleet.prepare();
      return [name, { config, fleet, bill, invoker: openInvoker(config, fleet, bill) }] as const;
    }),
  );
  const watch = setInterval(() => {
    for (const { fleet } of functions.values()) fleet.enforceMemory();
  }, memoryCheckMs).unref();

  function callOf(route: Route, payload: Buffer, requestId: string): Call {
    const { config } = functions.get(route.name)!;
    const isolated = config.tenancy === "PER_TENANT";
    const { tenant, clientContext } = route;
    const attempt = (counters.get(tenant ?? "") ?? 0) + 1;
    const moment = momentOf(clientContext, tenant, attempt);
    if (isolated && moment.counted) counters.set(tenant ?? "", attempt);
    return {
      requestId,
      functionArn: route.arn,
      tenant,
      clientContext,
      payload,
      wantsLog: route.wantsLog,
      fate: weather === undefined || !isolated ? fair : fateOf(weather, moment, seed),
    };
  }

  const run = (name: string, call: Call) => {
    const { invoker, bill } = functions.get(name)!;
    return invoker.invoke(call).catch((thrown: unknown) => {
      if (thrown instanceof LambdaError && thrown.status === 429) bill.throttle();
      throw thrown;
    });
  };
  const events = await openEvents({
    directory: join(options.home, "events"),
    retryDelaysMs: options.retryDelaysMs,
    run: (route, payload, requestId) =>
      functions.has(route.name)
        ? run(route.name, callOf(route, payload, requestId))
        : Promise.reject(new Error(`no function is called ${route.name}`)),
  });

  async function answer(request: IncomingMessage, response: ServerResponse, requestId: string) {
    const route = routeOf(request, (name) => functions.has(name));
    checkTenant(route, functions.get(route.name)!.config.tenancy === "PER_TENANT");
    const bytesMax =
      route.kind === "event" ? lambda.asyncPayloadBytesMax : lambda.syncPayloadBytesMax;
    const payload = checkedEvent(await bodyOf(request, bytesMax));
    if (route.kind === "dry-run") return void response.writeHead(204).end();
    if (route.kind === "event") {
      await events.accept(route, payload, requestId);
      return void response.writeHead(202, { "content-length": 0 }).end();
    }
    const call = callOf(route, payload, requestId);
    if (route.kind === "stream")
      return streamReply(response, (forward) => run(route.name, { ...call, forward }));
    sendReply(response, await run(route.name, call));
  }

  return {
    handle(request, response) {
      const requestId = randomUUID();
      response.setHeader("x-amzn-requestid", requestId);
      answer(request, response, requestId).catch((thrown: unknown) => {
        request.resume();
        sendError(
          response,
          thrown instanceof LambdaError
            ? thrown
            : new LambdaError(500, "ServiceException", messageOf(thrown)),
        );
      });
    },
    bill() {
      const bills = [...functions].map(([name, { bill }]) => [name, bill.bill()] as const);
      const total = bills.reduce((all, [, bill]) => sum(all, bill), noBill);
      return { ...total, functions: Object.fromEntries(bills) };
    },
    environments: () => [...functions.values()].flatMap(({ fleet }) => fleet.list()),
    setWeather(next) {
      weather = next;
    },
    async close() {
      clearInterval(watch);
      events.close();
      await Promise.all([...functions.values()].map(({ fleet }) => fleet.close()));
      reaper.close();
    },
  };
}

/** Whose fate a call has: the task it names, else its tenant and a count. */
function momentOf(clientContext: string | undefined, tenant: string | undefined, attempt: number) {
  const custom = (JSON.parse(clientContext ?? "{}") as { custom?: Record<string, unknown> }).custom;
  const named = typeof custom?.task === "string";
  return {
    task: named ? String(custom.task) : `${tenant ?? ""}/${attempt}`,
    slot: Number(custom?.slot ?? tenant ?? 0) || 0,
    round: Number(custom?.round ?? attempt) || 0,
    counted: !named,
  };
}

async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) reject(tooLarge(bytesMax));
    else chunks.push(chunk);
  });
  request.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
  request.once("error", reject);
  return promise;
}
