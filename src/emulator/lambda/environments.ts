import { awsLambda } from "../../limits.ts";
import { admitCall, type ConcurrencyShare, type FleetLoad } from "./concurrency.ts";
import { type Environment, openEnvironment } from "./environment.ts";
import { type FunctionConfig, variablesOf } from "./function-config.ts";
import { type ProcessReaper, residentMb } from "./processes.ts";
import { type Snapshots, snapshotsOf } from "./snapshots.ts";

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
  calls: number;
  idleTimer: NodeJS.Timeout | undefined;
}

/** The environments of one version of a function. */
export interface Fleet {
  /** The most recently used idle one of this tenant, else a new one. Throws `LambdaError` 429. */
  acquire(tenant: string | undefined): Promise<Member>;
  release(member: Member): void;
  /** Starts the spares that the function begins with. */
  begin(): void;
  /** How many environments are at work, being opened included, and how many wait. */
  load(): FleetLoad;
  /** Starts spares in time, once a tenant has needed another environment than its first. */
  prepare(): void;
  list(): EnvironmentInfo[];
  /** Ends environments whose resident memory exceeds the function's. */
  enforceMemory(): void;
  /** Other code is in its place: whoever works ends its call, and nobody is called again. */
  retire(): void;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly name: string;
  /** `$LATEST`, or a number. */
  readonly version: string;
  readonly config: FunctionConfig;
  /** What all versions of the function together may have at once. */
  share(): ConcurrencyShare;
  /** Of all versions of the function together. */
  functionLoad(): FleetLoad;
  readonly variables: Readonly<Record<string, string>>;
  readonly reaper: ProcessReaper;
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** After a reply the process needs a moment until it asks for its next event; more when busy. */
const returnsWithinMs = 10_000;
/** Spares are replaced when a burst of cold starts is over. */
const quietMs = 300;

export function openFleet(options: FleetOptions): Fleet {
  return new LocalFleet(options);
}

class LocalFleet implements Fleet {
  readonly #options: FleetOptions;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #snapshots: Snapshots;
  /** In the order of last use. */
  readonly #members = new Set<Member>();
  /** Spares under way that nobody has claimed. */
  readonly #coming: Promise<Member>[] = [];
  /** Tenants that have had an environment, and whether one of them needed another. */
  readonly #tenants = new Set<string | undefined>();
  #sparesAreUsed = false;
  #opening = 0;
  #closed = false;
  #retired = false;
  #quiet: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions) {
    const { name, version, config, variables } = options;
    this.#options = options;
    const usual = variablesOf(name, version, config);
    this.#variables = { ...usual, ...variables, ...config.environment };
    this.#snapshots = snapshotsOf(config, this.#variables);
  }

  load(): FleetLoad {
    return { busy: this.#count("busy") + this.#opening, idle: this.#count("idle") };
  }

  async acquire(tenant: string | undefined): Promise<Member> {
    const { functionLoad, share } = this.#options;
    const needsNew = tenant !== undefined && this.#idleOf(tenant) === undefined;
    admitCall(functionLoad(), share(), needsNew);
    const idle = this.#idleOf(tenant);
    if (idle !== undefined) {
      take(idle, tenant);
      if (idle.environment.waits() || (await waitsSoon(idle.environment))) return idle;
      // It ended or does something else after its reply: it is left to its idle timer.
      if (this.#members.has(idle)) this.release(idle);
    }
    const [spare] = this.#alive("spare");
    this.#sparesAreUsed ||= this.#tenants.has(tenant);
    this.#tenants.add(tenant);
    this.prepare();
    if (spare !== undefined) return take(spare, tenant);
    const coming = await this.#coming.shift()?.catch(() => undefined);
    return coming === undefined ? this.#open(tenant, "busy") : take(coming, tenant);
  }

  begin(): void {
    for (let i = 0; i < (this.#options.config.sparesAtStart ?? 0); i++) {
      const coming = this.#open(undefined, "spare");
      this.#coming.push(coming);
      const forget = () => {
        const place = this.#coming.indexOf(coming);
        if (place >= 0) this.#coming.splice(place, 1);
      };
      // Whoever needs an environment meets the same failure and reports it.
      coming.then(forget, forget);
    }
  }

  release(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.#members.add(member);
    member.state = "idle";
    if (this.#retired) {
      member.environment.kill();
      return;
    }
    member.idleTimer = setTimeout(() => {
      // Out of the list first, so that nothing is given to a process that is about to end.
      this.#members.delete(member);
      member.environment.kill();
    }, this.#options.config.idleMs ?? awsLambda.idleReclaimMs).unref();
  }

  prepare(): void {
    clearTimeout(this.#quiet);
    const { spares, tenancy } = this.#options.config;
    const wanted = spares ?? (tenancy === "PER_TENANT" ? 1 : 0);
    if (wanted === 0 || !this.#sparesAreUsed || this.#closed || this.#retired) return;
    this.#quiet = setTimeout(() => {
      if (this.#closed || this.#retired || this.#count("spare") >= wanted) return;
      this.#open(undefined, "spare").then(
        () => this.prepare(),
        // Not yet needed: whoever needs an environment meets the same error and reports it.
        () => {},
      );
    }, quietMs).unref();
  }

  list(): EnvironmentInfo[] {
    return [...this.#members].map((member) => ({
      function: this.#options.name,
      pid: member.environment.pid,
      tenant: member.tenant ?? null,
      state: member.state,
    }));
  }

  enforceMemory(): void {
    for (const { environment } of this.#members)
      if (residentMb(environment.pid) > this.#options.config.memoryMb) environment.kill(true);
  }

  retire(): void {
    this.#retired = true;
    clearTimeout(this.#quiet);
    for (const one of this.#members) if (one.state !== "busy") one.environment.kill();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#quiet);
    for (const { environment } of this.#members) environment.kill();
    await Promise.all([...this.#members].map(({ environment }) => environment.gone));
    // Now that it keeps nobody waiting.
    if (this.#tenants.size > 0) this.#snapshots.take();
  }

  async #open(tenant: string | undefined, state: "spare" | "busy"): Promise<Member> {
    this.#opening++;
    try {
      const environment = await openEnvironment({
        ...this.#options,
        variables: this.#variables,
        snapshots: this.#snapshots,
      });
      const member: Member = {
        environment,
        tenant,
        state,
        cold: true,
        calls: 0,
        idleTimer: undefined,
      };
      this.#members.add(member);
      void environment.gone.then(() => {
        clearTimeout(member.idleTimer);
        this.#members.delete(member);
      });
      if (this.#closed || (this.#retired && state === "spare")) environment.kill();
      return member;
    } finally {
      this.#opening--;
    }
  }

  #idleOf(tenant: string | undefined): Member | undefined {
    const idle = this.#alive("idle").filter((one) => one.tenant === tenant);
    return idle.findLast((one) => one.environment.waits()) ?? idle.at(-1);
  }

  #alive(state: EnvironmentInfo["state"]): Member[] {
    return [...this.#members].filter((one) => one.state === state && one.environment.alive());
  }

  #count(state: EnvironmentInfo["state"]): number {
    let count = 0;
    for (const member of this.#members) if (member.state === state) count++;
    return count;
  }
}

function take(member: Member, tenant: string | undefined): Member {
  clearTimeout(member.idleTimer);
  member.state = "busy";
  member.tenant = tenant;
  return member;
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
