import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { drained } from "../drained.ts";
import type { Identities } from "../iam/identity.ts";
import { faultModel, isFaulty, type S3FaultDecision, type S3Faults } from "./faults.ts";
import { type S3Access, type S3Gate, s3Gate } from "./gate.ts";
import type { S3Context } from "./operation.ts";
import { errorReply, type Reply, sendHalf, sendS3Reply } from "./reply.ts";
import { readRequest, type S3Request } from "./request.ts";
import { openRoot } from "./root.ts";
import { s3RouteOf } from "./routes.ts";
import { S3Error, toS3Error } from "./s3-error.ts";

export interface S3Options {
  /** The folder that holds everything; made where it is absent, one server at a time. */
  readonly root: string;
  readonly faults?: S3Faults;
  /** Who may ask, by access key; anybody where it is absent. */
  readonly identities?: Identities | undefined;
  /**
   * Waits for the disk itself before acknowledging. Without it objects survive the death of the
   * process at any instant, but not a power cut within the system's write-back time.
   */
  readonly fsync?: boolean;
}

/** What was asked and moved since the start, and what is there now. */
export interface S3Counts {
  readonly requests: number;
  /** Requests S3 prices as PUT: PUT, COPY, POST, LIST. */
  readonly puts: number;
  /** Requests S3 prices as GET: GET, HEAD. */
  readonly gets: number;
  readonly deletes: number;
  readonly errors: number;
  readonly faultsInjected: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly objects: number;
  readonly storedBytes: number;
}

/** A local S3: the wire protocol on node:http, objects on disk. */
export interface S3Server {
  /** Answers one request, errors included; rejects only for faults of ours. */
  handle(message: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Of all requests, or of those that one user of several signed. */
  counts(account?: string): S3Counts;
  /** For all, or for what one user of several signs. */
  setFaults(faults: S3Faults, account?: string): void;
  /** Waits for requests under way and lets go of the folder; later requests get a 503. */
  close(): Promise<void>;
}

/** Throws `RunError` where another process serves the folder. */
export function createS3(options: S3Options): S3Server {
  const root = openRoot(options.root);
  const tally = newTally();
  const underWay = new Set<Promise<void>>();
  const gate = s3Gate(
    options.identities,
    (name) => (root.has(name) ? root.bucket(name).policyFile.policy() : null),
    () => service.faults.requestsPerKey,
  );
  const service: Service = {
    tallies: new Map(),
    fates: new Map(),
    tally,
    faults: options.faults ?? {},
    fateOf: chooser(options.faults ?? {}),
    gate,
    closed: false,
    context: {
      root,
      pageKeysMax: () => Math.min(pageKeysMax, service.faults.pageKeysMax ?? pageKeysMax),
      fsync: options.fsync ?? false,
    },
  };
  return {
    async handle(message, response) {
      const work = answer(service, message, response);
      underWay.add(work);
      try {
        await work;
      } finally {
        underWay.delete(work);
      }
    },
    counts(account) {
      let objects = 0;
      let storedBytes = 0;
      for (const bucket of root.buckets()) {
        objects += bucket.keys.length;
        storedBytes += bucket.storedBytes;
      }
      const own = account === undefined ? tally : talliedFor(service, account);
      return { ...own, objects, storedBytes };
    },
    setFaults(faults, account) {
      if (account !== undefined) return void service.fates.set(account, chooser(faults));
      service.faults = faults;
      service.fateOf = chooser(faults);
    },
    async close() {
      service.closed = true;
      await Promise.allSettled(underWay);
      root.release();
    },
  };
}

/** As many keys as S3 puts into a page at most. */
const pageKeysMax = 1_000;

const newTally = () => ({
  requests: 0,
  puts: 0,
  gets: 0,
  deletes: 0,
  errors: 0,
  faultsInjected: 0,
  bytesIn: 0,
  bytesOut: 0,
});

type Tally = ReturnType<typeof newTally>;

/** What one user of several asked and moved. */
function talliedFor({ tallies }: Service, account: string): Tally {
  const known = tallies.get(account);
  if (known !== undefined) return known;
  const fresh = newTally();
  tallies.set(account, fresh);
  return fresh;
}

interface Service {
  readonly context: Omit<S3Context, "access" | "onBytesIn">;
  readonly tally: Tally;
  /** By the user, of several, who signed. */
  readonly tallies: Map<string, Tally>;
  readonly fates: Map<string, (operation: string, key: string) => S3FaultDecision>;
  faults: S3Faults;
  fateOf: (operation: string, key: string) => S3FaultDecision;
  readonly gate: S3Gate;
  closed: boolean;
}

async function answer(
  service: Service,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { context } = service;
  const id = randomUUID();
  let request: S3Request | undefined;
  let access: S3Access | undefined;
  let fate: S3FaultDecision | undefined;
  let reply: Reply;
  const count = (what: keyof Tally, by = 1) => {
    service.tally[what] += by;
    if (access?.account !== undefined) talliedFor(service, access.account)[what] += by;
  };
  try {
    if (service.closed) throw new S3Error(503, "ServiceUnavailable", "The server is closing.");
    request = readRequest(message, id);
    const nowMs = Date.now() + (service.faults.clockAheadMs ?? 0);
    if (service.faults.clockAheadMs !== undefined)
      response.setHeader("date", new Date(nowMs).toUTCString());
    try {
      access = service.gate.open(request, nowMs);
    } finally {
      count("requests");
    }
    const route = s3RouteOf(request);
    const { name } = route;
    access.admit(route);
    count(pricedAs(name));
    const fateOf = service.fates.get(access.account ?? "") ?? service.fateOf;
    fate = fateOf(name, `${request.bucket}/${request.key}`);
    if (fate.delayMs > 0) await sleep(fate.delayMs);
    if (strikesFirst(fate, request)) count("faultsInjected");
    if (fate.fault === "reset-before") return breakOff(message);
    refuseByFate(fate, request);
    const onBytesIn = (bytes: number) => count("bytesIn", bytes);
    reply = await route.run({ ...context, access, onBytesIn }, request);
  } catch (thrown) {
    // The client went away in the middle of its body: there is nobody to tell.
    if (message.destroyed && !message.complete) return breakOff(message);
    count("errors");
    const error = toS3Error(thrown);
    reply = errorReply(access?.errorFor(error) ?? error, request, id);
    if (!message.complete) await drained(message);
  }
  if (fate?.fault === "reset-after") {
    count("faultsInjected");
    await reply.stretch?.file.close();
    return breakOff(message);
  }
  const isCut = fate?.fault === "cut";
  if (isCut) count("faultsInjected");
  const onBytes = (bytes: number) => count("bytesOut", bytes);
  await (isCut
    ? sendHalf(message, response, reply, id, onBytes)
    : sendS3Reply(response, reply, id, onBytes));
}

function breakOff(message: IncomingMessage): void {
  message.socket.destroy();
}

function chooser(faults: S3Faults): (operation: string, key: string) => S3FaultDecision {
  return isFaulty(faults) ? faultModel(faults) : () => ({ fault: undefined, delayMs: 0 });
}

function pricedAs(operation: string): "puts" | "gets" | "deletes" {
  if (/^(Delete|Abort)/.test(operation)) return "deletes";
  return /^(Get|Head)/.test(operation) ? "gets" : "puts";
}

function isConditional(request: S3Request): boolean {
  const conditional = request.header("if-none-match") ?? request.header("if-match");
  return conditional !== undefined && /^(PUT|POST)$/.test(request.method);
}

function strikesFirst({ fault }: S3FaultDecision, request: S3Request): boolean {
  if (fault === undefined || fault === "reset-after" || fault === "cut") return false;
  return fault !== "conflict" || isConditional(request);
}

function refuseByFate({ fault }: S3FaultDecision, request: S3Request): void {
  if (fault === "slow-down") throw new S3Error(503, "SlowDown", "Please reduce your request rate.");
  if (fault === "internal-error")
    throw new S3Error(500, "InternalError", "We encountered an internal error. Please try again.");
  if (fault === "conflict" && isConditional(request))
    throw new S3Error(
      409,
      "ConditionalRequestConflict",
      "A conflicting operation occurred during the conditional request.",
    );
}
