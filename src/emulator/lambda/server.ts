import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { assert, messageOf } from "../../core/errors.ts";
import { awsLambda } from "../../limits.ts";
import { noFault } from "../../weather/fault-decision.ts";
import type { Weather } from "../../weather/weather.ts";
import type { Identities } from "../iam/identity.ts";
import type { AccountView } from "./account-requests.ts";
import { type FunctionBill, noBill, sum } from "./bill.ts";
import { type Reserving, shareOf } from "./concurrency.ts";
import { begin, callingDurably, endOf, noteInvocation } from "./durable-calls.ts";
import { durableRequestOf } from "./durable-requests.ts";
import type { EnvironmentInfo } from "./environments.ts";
import { type Events, openEvents } from "./events.ts";
import { type Executions, openExecutions } from "./executions.ts";
import { LambdaError, noFunction, sendError } from "./failures.ts";
import type { FunctionConfig } from "./function-config.ts";
import { type LambdaFaults, openFunctionFaults } from "./function-faults.ts";
import { type FunctionReply, functionRequestOf } from "./function-requests.ts";
import { type LocalFunction, openFunction } from "./function-versions.ts";
import type { InvocationOutcome } from "./invoke.ts";
import { checkedEvent } from "./json.ts";
import { startProcessReaper } from "./processes.ts";
import { sendReply, streamReply } from "./replies.ts";
import { bodyOf } from "./request-body.ts";
import { checkTenant, isInvocation, lambdaRouteOf, type Route } from "./route.ts";
import { callerOf } from "./signature.ts";

/** Functions behind Lambda's wire API, each in environments of its own. */
export interface LocalLambda {
  handle(request: IncomingMessage, response: ServerResponse): void;
  bill(): LambdaBill;
  environments(): EnvironmentInfo[];
  /** For invocations that begin from now on. */
  setWeather(weather: Weather | undefined): void;
  /** Replaces a function's `$LATEST`; returns the version that was published, if one was. */
  deploy(name: string, config: FunctionConfig): string | null;
  /** Takes a function away with all its versions. */
  remove(name: string): Promise<void>;
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
  /** Who may ask, by access key. */
  readonly identities: Identities;
  /** Environments of all functions that may be at work at once; as AWS's accounts usually have. */
  readonly concurrency?: number | undefined;
  /** Given to every environment: endpoints, credentials. */
  readonly variables: Readonly<Record<string, string>>;
  readonly weather?: Weather | undefined;
  readonly faults?: LambdaFaults | undefined;
  readonly seed?: number | string | undefined;
  /** Waits before an asynchronous event's second and third attempt; a minute and two on AWS. */
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** What environments print. */
  readonly onOutput?: ((functionName: string, text: string) => void) | undefined;
}

const memoryCheckMs = 200;

export async function createLambda(options: LambdaOptions): Promise<LocalLambda> {
  const { fates, run: plainly, account, closeFunctions } = openFunctions(options);
  const { functions } = account;
  const executions = openExecutions(join(options.home, "executions"));
  const run = callingDurably(plainly, executions);
  const events = await openEvents({
    directory: join(options.home, "events"),
    retryDelaysMs: options.retryDelaysMs,
    run: async (route, payload, requestId) => plainly(route, payload, requestId),
    invoked: (route, invocation) => noteInvocation(executions, route, invocation),
    async ended({ execution }, outcome) {
      if (execution !== undefined) await executions.ended(execution, endOf(outcome));
    },
  });
  const answer = answering(options, { account, events, executions, run });
  return {
    handle(request, response) {
      const requestId = randomUUID();
      response.setHeader("x-amzn-requestid", requestId);
      answer(request, response, requestId).catch((thrown: unknown) => {
        request.resume();
        const isRefusal = thrown instanceof LambdaError;
        const fault = () => new LambdaError(500, "ServiceException", messageOf(thrown));
        sendError(response, isRefusal ? thrown : fault());
      });
    },
    bill: () => billOf(functions),
    environments: () =>
      [...functions.values()].flatMap((one) => one.fleets().flatMap((fleet) => fleet.list())),
    setWeather: fates.setWeather,
    deploy(name, config) {
      const target = functions.get(name);
      assert(target !== undefined, `there is a function ${name} to deploy again`);
      const { version } = target.deploy(config);
      return config.publish ? version : null;
    },
    remove: account.remove,
    async close() {
      await events.close();
      await closeFunctions();
    },
  };
}

interface Answering {
  readonly account: AccountView;
  readonly events: Events;
  readonly executions: Executions;
  readonly run: ReturnType<typeof openFunctions>["run"];
}

/** Answers one request, after it has been found out who asks and whether he may. */
function answering(
  { identities }: LambdaOptions,
  { account, events, executions, run }: Answering,
): (request: IncomingMessage, response: ServerResponse, requestId: string) => Promise<void> {
  return async (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    const caller = callerOf(request, identities, Date.now());
    const asked = isInvocation(request)
      ? null
      : (durableRequestOf(request, executions) ?? functionRequestOf(request));
    if (asked !== null) {
      const wished = await bodyOf(request, awsLambda.syncPayloadBytesMax);
      caller.verify(wished);
      caller.demand(`lambda:${asked.name}`, asked.resource);
      return sendFunctionReply(response, await asked.answer(wished, account));
    }
    const wish = lambdaRouteOf(request);
    const bytesMax =
      wish.kind === "event" ? awsLambda.asyncPayloadBytesMax : awsLambda.syncPayloadBytesMax;
    const body = await bodyOf(request, bytesMax);
    caller.verify(body);
    caller.demand("lambda:InvokeFunction", wish.arn);
    const called = account.functions.get(wish.name);
    if (called === undefined) throw noFunction(wish.arn);
    const { config, version } = called.at(wish.qualifier);
    checkTenant(wish, config.tenancy === "PER_TENANT");
    const payload = checkedEvent(body);
    if (wish.kind === "dry-run") return void response.writeHead(204).end();
    const begun = await begin(executions, { wish, config, version, payload, requestId });
    const { route } = begun;
    if (begun.arn !== undefined) response.setHeader("x-amz-durable-execution-arn", begun.arn);
    if (route.kind === "event") {
      if (begun.isNew) await events.accept(route, payload, requestId);
      return void response.writeHead(202, { "content-length": 0 }).end();
    }
    if (route.kind === "stream")
      return streamReply(response, (forward) => run(route, payload, requestId, forward), version);
    sendReply(response, await run(route, payload, requestId), version);
  };
}

/** The functions with their fleets and bills, and the way a call goes through them. */
function openFunctions(options: LambdaOptions) {
  const fates = openFunctionFaults(options.weather, options.seed ?? 0, options.faults);
  const reaper = startProcessReaper();
  const functions = new Map<string, LocalFunction>();
  const { variables, concurrency = awsLambda.concurrencyDefault } = options;
  const account: AccountView = {
    concurrency,
    functions,
    async remove(name) {
      const gone = functions.get(name);
      functions.delete(name);
      await gone?.close();
    },
  };
  const share = (one: Reserving) => shareOf(one, functions.values(), concurrency);
  for (const [name, config] of Object.entries(options.functions)) {
    const onOutput = options.onOutput && ((text: string) => options.onOutput?.(name, text));
    const about = { variables, reaper, onOutput, shareOf: share };
    functions.set(name, openFunction(name, config, about));
  }
  const watch = setInterval(() => {
    for (const one of functions.values()) for (const fleet of one.fleets()) fleet.enforceMemory();
  }, memoryCheckMs).unref();

  async function run(
    route: Route,
    payload: Buffer,
    requestId: string,
    forward?: (chunk: Buffer) => void,
  ): Promise<InvocationOutcome> {
    // An event that was accepted before a restart may name a function that is no more.
    const called = functions.get(route.name)?.at(route.qualifier);
    if (called === undefined) throw noFunction(route.arn);
    const { tenant, clientContext, wantsLog } = route;
    const call = { requestId, functionArn: route.arn, tenant, clientContext, payload, wantsLog };
    try {
      const fate = called.config.tenancy === undefined ? noFault : fates.of(clientContext, tenant);
      return await called.invoker.invoke({ ...call, fate, ...(forward ? { forward } : {}) });
    } catch (thrown) {
      if (thrown instanceof LambdaError && thrown.status === 429) called.bill.throttle();
      throw thrown;
    }
  }

  async function closeFunctions() {
    clearInterval(watch);
    await Promise.all([...functions.values()].map((one) => one.close()));
    reaper.close();
  }
  return { fates, run, account, closeFunctions };
}

function billOf(functions: ReadonlyMap<string, LocalFunction>): LambdaBill {
  const bills = [...functions].map(([name, one]) => [name, one.bill()] as const);
  const total = bills.reduce((all, [, bill]) => sum(all, bill), noBill);
  return { ...total, functions: Object.fromEntries(bills) };
}

function sendFunctionReply(response: ServerResponse, { status, body }: FunctionReply): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === null ? undefined : JSON.stringify(body));
}
