import { lambda } from "../../limits.ts";
import { type Environment, openEnvironment } from "./environment.ts";
import { throttled } from "./failures.ts";
import type { FunctionConfig } from "./function-config.ts";
import { variablesOf } from "./function-config.ts";
import { residentMb } from "./memory.ts";
import type { Reaper } from "./reaper.ts";

/** One environment as the outside sees it. */
export interface EnvironmentInfo {
  readonly function: string;
  readonly pid: number;
  /** Null for a function without tenants and for a spare. */
  readonly tenant: string | null;
  readonly state: "spare" | "busy" | "idle";
}

/** An environment with its place in the fleet. */
export interface Member {
  readonly environment: Environment;
  tenant: string | undefined;
  state: EnvironmentInfo["state"];
  /** Its function is not loaded yet. */
  cold: boolean;
  idleTimer: NodeJS.Timeout | undefined;
}

/** The environments of one function. */
export interface Fleet {
  /** The most recently used idle one of this tenant, else a new one. Throws `LambdaError` 429. */
  acquire(tenant: string | undefined): Promise<Member>;
  release(member: Member): void;
  /** Starts spares in time. */
  prepare(): void;
  list(): EnvironmentInfo[];
  /** Ends environments whose resident memory exceeds the function's. */
  enforceMemory(): void;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly name: string;
  readonly config: FunctionConfig;
  readonly variables: Readonly<Record<string, string>>;
  readonly reaper: Reaper;
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** After a reply the process needs a moment until it asks for its next event. */
const returnsWithinMs = 100;
/** Spares are replaced when a burst of cold starts is over. */
const quietMs = 300;

export function openFleet(options: FleetOptions): Fleet {
  const { name, config, reaper } = options;
  const members = new Set<Member>();
  const concurrencyMax = config.reservedConcurrency ?? lambda.concurrencyDefault;
  const environmentsMax = Math.ceil((concurrencyMax * lambda.tenantEnvironmentsPer1000) / 1000);
  let opening = 0;
  let closed = false;
  let quiet: NodeJS.Timeout | undefined;

  const count = (state: EnvironmentInfo["state"]) =>
    [...members].filter((member) => member.state === state).length;

  async function open(tenant: string | undefined, state: "spare" | "busy"): Promise<Member> {
    opening++;
    try {
      const environment = await openEnvironment({
        ...options,
        variables: { ...variablesOf(name, config), ...options.variables, ...config.environment },
      });
      const member: Member = { environment, tenant, state, cold: true, idleTimer: undefined };
      members.add(member);
      if (environment.pid > 0) reaper.watch(environment.pid);
      void environment.gone.then(() => {
        clearTimeout(member.idleTimer);
        members.delete(member);
        reaper.forget(environment.pid);
      });
      if (closed) environment.kill();
      return member;
    } finally {
      opening--;
    }
  }

  function admit(tenant: string | undefined): void {
    if (count("busy") + opening >= concurrencyMax)
      throw throttled(
        config.reservedConcurrency === undefined
          ? "ConcurrentInvocationLimitExceeded"
          : "ReservedFunctionConcurrentInvocationLimitExceeded",
      );
    const used = count("busy") + count("idle") + opening;
    if (tenant !== undefined && used >= environmentsMax && idleOf(tenant) === undefined)
      throw throttled(
        "ConcurrentInvocationLimitExceeded",
        "Rate Exceeded: too many tenant-aware environments.",
      );
  }

  // Sets keep the order of insertion, and a released member goes to the end.
  const idleOf = (tenant: string | undefined): Member | undefined => {
    const idle = [...members].filter((one) => one.state === "idle" && one.tenant === tenant);
    return idle.findLast((one) => one.environment.waits()) ?? idle.at(-1);
  };

  function take(member: Member, tenant: string | undefined): Member {
    clearTimeout(member.idleTimer);
    member.state = "busy";
    member.tenant = tenant;
    return member;
  }

  async function acquire(tenant: string | undefined): Promise<Member> {
    admit(tenant);
    const idle = idleOf(tenant);
    if (idle !== undefined) {
      take(idle, tenant);
      if (idle.environment.waits() || (await waitsSoon(idle.environment))) return idle;
      // It ended or does something else after its reply: it is left to its idle timer.
      if (members.has(idle)) release(idle);
    }
    const spare = [...members].find((one) => one.state === "spare");
    prepare();
    return spare === undefined ? open(tenant, "busy") : take(spare, tenant);
  }

  function release(member: Member): void {
    if (!members.delete(member)) return;
    members.add(member);
    member.state = "idle";
    member.idleTimer = setTimeout(() => {
      // Out of the list first, so that nothing is given to a process that is about to end.
      members.delete(member);
      member.environment.kill();
    }, config.idleMs ?? lambda.idleReclaimMs).unref();
  }

  function prepare(): void {
    clearTimeout(quiet);
    const wanted = config.spares ?? 0;
    if (wanted === 0 || closed) return;
    quiet = setTimeout(() => {
      if (closed || count("spare") >= wanted) return;
      void open(undefined, "spare").then(prepare);
    }, quietMs).unref();
  }

  return {
    acquire,
    release,
    prepare,
    list: () =>
      [...members].map((member) => ({
        function: name,
        pid: member.environment.pid,
        tenant: member.tenant ?? null,
        state: member.state,
      })),
    enforceMemory() {
      for (const { environment } of members)
        if (residentMb(environment.pid) > config.memoryMb) environment.kill(true);
    },
    async close() {
      closed = true;
      clearTimeout(quiet);
      for (const { environment } of members) environment.kill();
      await Promise.all([...members].map(({ environment }) => environment.gone));
    },
  };
}

function waitsSoon(environment: Environment): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), returnsWithinMs);
    void environment.whenWaiting().then(() => {
      clearTimeout(timer);
      resolve(environment.waits());
    });
  });
}
