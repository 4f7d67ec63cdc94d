import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { entryBeside } from "../core/entries.ts";
import { hasCode, RunError } from "../core/errors.ts";
import { makeOwnFolder, ownFile } from "../core/own-files.ts";
import { takeProcessLock } from "../core/process-lock.ts";
import { announcementFile, type ControlChannel, openChannel } from "./control.ts";
import { callingEmulator, type EmulatorAnswer, emulatorBy } from "./emulator-calls.ts";
import type { RunningEmulator } from "./emulator-process.ts";
import { drawKeys, ownerKeys } from "./iam/identity.ts";
import { emulatorFlags, keepingMemory } from "./lambda/processes.ts";
import { isRootHeld } from "./s3/root-lock.ts";
import type { Emulator, EmulatorUser, NamedUser } from "./users.ts";

/** A home's emulator as one of its users has it; `close` leaves, and the last one ends it. */
export interface SharedEmulator extends RunningEmulator {
  /**
   * After its process has died: joins the one that another user has started again meanwhile, or
   * starts it, under the same addresses and keys.
   */
  rejoin(): Promise<SharedEmulator>;
}

const waitMs = 50;

/**
 * Joins the emulator of a home, which is started where none serves it. Throws
 * `RunError("root-in-use")` where a process has the home that is no emulator.
 */
export function joinEmulator(home: string, user: EmulatorUser): Promise<SharedEmulator> {
  const name = randomBytes(8).toString("hex");
  return joined(home, { ...user, name, keys: drawKeys() });
}

/** The same with the keys of the home itself, for whoever tells them to others. */
export function joinAsOwner(home: string, user: EmulatorUser): Promise<SharedEmulator> {
  const name = randomBytes(8).toString("hex");
  makeOwnFolder(home);
  return joined(home, { ...user, name, keys: ownerKeys(home) });
}

async function joined(home: string, user: NamedUser, s3Port?: number): Promise<SharedEmulator> {
  const starting = join(home, "emulator-start.lock");
  makeOwnFolder(home);
  for (;;) {
    const connection = await connectionTo(home);
    if (connection !== null) {
      const emulator = await joinedBy(connection, home, user);
      // It ended while this one came.
      if (emulator !== null) return sameAddress(emulator, s3Port);
      continue;
    }
    const lock = takeProcessLock(starting);
    if ("release" in lock) {
      try {
        await startHost(home, s3Port);
      } finally {
        lock.release();
      }
    } else {
      await sleep(waitMs);
    }
  }
}

/** A store that is open already knows one address. */
async function sameAddress(emulator: SharedEmulator, s3Port?: number): Promise<SharedEmulator> {
  if (s3Port === undefined || portOf(emulator.endpoints.s3) === s3Port) return emulator;
  await emulator.close();
  throw new RunError("emulator-ended", "the emulator has ended, and its port is another's now", {
    hint: "kofn resume RUN goes on from the last checkpoint",
  });
}

interface Connection {
  readonly socket: Socket;
  readonly channel: ControlChannel;
  readonly ended: Promise<void>;
}

/** A connection to the emulator that serves a home; null where none does. */
async function connectionTo(home: string): Promise<Connection | null> {
  const { control } = announcedIn(home);
  // What answers at an address that a killed process left may be any program.
  if (control === undefined || !isRootHeld(join(home, "s3"))) return null;
  const socket = connect(control, "127.0.0.1");
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  const channel = await openChannel(socket, ownerKeys(home), "user");
  return channel === null ? null : { socket, channel, ended };
}

interface Announcement {
  readonly control?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

function announcedIn(home: string): Announcement {
  try {
    return JSON.parse(readFileSync(join(home, announcementFile), "utf8")) as Announcement;
  } catch (thrown) {
    // Absent, or cut short by a power failure.
    if (hasCode(thrown, "ENOENT") || thrown instanceof SyntaxError) return {};
    throw thrown;
  }
}

async function joinedBy(
  { socket, channel, ended }: Connection,
  home: string,
  user: NamedUser,
): Promise<SharedEmulator | null> {
  const caller = callingEmulator(channel.send, (isOpen) => {
    // Keeps nobody alive who has nothing else to do: his end says that he is gone.
    if (isOpen) socket.ref();
    else socket.unref();
  });
  channel.onValue((answer) => caller.take(answer as EmulatorAnswer));
  void ended.then(() => caller.fail("its process is gone"));
  let begun: Pick<Emulator, "endpoints" | "environment"> & { readonly pid: number };
  try {
    begun = (await caller.ask("join", user)) as typeof begun;
  } catch (thrown) {
    socket.destroy();
    if (thrown instanceof RunError && thrown.code === "emulator-ended") return null;
    throw thrown;
  }
  const { endpoints } = begun;
  return {
    ...begun,
    ...emulatorBy(caller),
    ended,
    async close() {
      socket.ref();
      // One that cannot be told has ended already, which is awaited all the same.
      channel.send({ id: 0, question: "close" }).catch(() => {});
      await ended;
    },
    async kill() {
      socket.ref();
      process.kill(begun.pid, "SIGKILL");
      await ended;
    },
    rejoin: () =>
      joined(home, { ...user, lambdaPort: portOf(endpoints.lambda) }, portOf(endpoints.s3)),
  };
}

/** Starts the emulator's own process, and waits until it serves. */
async function startHost(home: string, s3Port?: number): Promise<void> {
  const left = announcedIn(home).environment?.AWS_ENDPOINT_URL_S3;
  // Users of one that was killed look for it where it was.
  const port = s3Port ?? (left === undefined ? undefined : portOf(left));
  const answer = await hostAnswer(home, port);
  if (answer.error?.code === "port-in-use" && s3Port === undefined && port !== undefined)
    return startedBy(await hostAnswer(home));
  startedBy(answer);
}

function startedBy({ error }: EmulatorAnswer): void {
  if (error !== undefined)
    throw new RunError(error.code, error.message, { hint: error.hint ?? "see emulator.log" });
}

/** What a new process says once it serves, or cannot. It is nobody's child from then on. */
async function hostAnswer(home: string, s3Port?: number): Promise<EmulatorAnswer> {
  const log = openSync(join(home, "emulator.log"), "a", ownFile);
  const child = fork(entryBeside(import.meta.url, "emulator-host"), {
    execArgv: [...emulatorFlags],
    env: { ...process.env, ...keepingMemory },
    stdio: ["ignore", log, log, "ipc"],
    detached: true,
  });
  closeSync(log);
  const answer = await new Promise<EmulatorAnswer>((resolve) => {
    child.once("message", (value) => resolve(value as EmulatorAnswer));
    child.once("exit", (code, signal) =>
      resolve({
        id: 0,
        error: {
          code: "emulator-ended",
          message: `the emulator has ended: ${signal ?? code}`,
          hint: `see ${join(home, "emulator.log")}`,
        },
      }),
    );
    child.once("error", (thrown) =>
      resolve({ id: 0, error: { code: "emulator", message: thrown.message } }),
    );
    child.send({ home, ...(s3Port === undefined ? {} : { s3Port }) });
  });
  if (child.connected) child.disconnect();
  child.unref();
  return answer;
}

function portOf(endpoint: string): number {
  return Number(new URL(endpoint).port);
}
