import { renameSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { assert } from "../core/errors.ts";
import { ownFile } from "../core/own-files.ts";
import { announcementFile, openChannel } from "./control.ts";
import { serveHome } from "./emulator.ts";
import {
  answerBy,
  answerOf,
  type EmulatorAnswer,
  type EmulatorCall,
  type EmulatorQuestion,
} from "./emulator-calls.ts";
import { type Keys, ownerKeys } from "./iam/identity.ts";
import type { Emulator, EmulatorOptions, HomeEmulator, NamedUser } from "./users.ts";

/**
 * The process of a home's emulator, which serves all that use the home: it is started by the first,
 * belongs to none, and ends with the last. Whoever is gone, by `kill -9` too, takes his own
 * functions with him and nobody else's.
 */

/** Whoever started it may be killed before he has come. */
const firstComesMs = 10_000;

process.once("message", (options: Pick<EmulatorOptions, "home" | "s3Port">) => {
  const start = () => serve(options);
  void answerOf({ id: 0 }, start).then((answer: EmulatorAnswer) => {
    process.send?.(answer, undefined, undefined, () => {});
    if (answer.error !== undefined) process.disconnect?.();
  });
});
// Signals of a terminal are for those who use it.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

async function serve(options: Pick<EmulatorOptions, "home" | "s3Port">): Promise<void> {
  const { home } = options;
  const served = await serveHome(options);
  const keys = ownerKeys(home);
  const users = new Set<Socket>();
  const announcement = join(home, announcementFile);
  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    rmSync(announcement, { force: true });
    listener.close();
    await served.close();
    process.exit(0);
  };
  const endIfUnused = () => {
    if (users.size > 0) return false;
    void end();
    return true;
  };
  const listener = createServer((socket) => {
    // An error is followed by the end.
    socket.on("error", () => {});
    if (isEnding) return void socket.destroy();
    users.add(socket);
    attend(socket, served, keys, () => users.delete(socket) && endIfUnused());
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", resolve);
  });
  const { port } = listener.address() as AddressInfo;
  const { environment } = served;
  const text = JSON.stringify({ pid: process.pid, environment, control: port });
  writeFileSync(`${announcement}.${process.pid}`, text, { mode: ownFile });
  renameSync(`${announcement}.${process.pid}`, announcement);
  process.once("SIGTERM", end);
  setTimeout(endIfUnused, firstComesMs);
}

/** Serves one user for as long as his connection lasts. */
function attend(socket: Socket, served: HomeEmulator, keys: Keys, isLast: () => boolean): void {
  let emulator: Emulator | undefined;
  let joining: Promise<Emulator> | undefined;
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let left: Promise<void> | undefined;
  /** His functions end; then he may go, or the whole process does. */
  const leave = () => {
    left ??= (async () => {
      // Who could not join has been told why, and has nothing to close.
      const joined = await joining?.catch(() => undefined);
      await joined?.close();
      if (!isLast()) socket.end();
    })();
    return left;
  };
  async function carriedOut({
    question,
    value,
  }: EmulatorCall<EmulatorQuestion | "join">): Promise<unknown> {
    if (question === "join") {
      assert(joining === undefined, "a user joins once");
      joining = served.join(value as NamedUser);
      emulator = await joining;
      const { endpoints, environment } = emulator;
      return { endpoints, environment, pid: process.pid };
    }
    assert(emulator !== undefined, "a user asks once he has joined");
    return answerBy(emulator, question, value);
  }
  void (async () => {
    const channel = await openChannel(socket, keys, "host");
    channel?.onValue((call) => {
      const asked = call as EmulatorCall<EmulatorQuestion | "join">;
      if (asked.question === "close") return void leave();
      void answerOf(asked, () => carriedOut(asked)).then((answer) =>
        // Who has gone meanwhile needs no answer.
        channel.send(answer).catch(() => {}),
      );
    });
    await gone;
    await leave();
  })();
}
