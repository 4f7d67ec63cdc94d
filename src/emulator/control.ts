import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Keys } from "./iam/identity.ts";

/*
 * The channel of a home's emulator to the processes that use it: a connection on the loopback
 * address, one JSON value a line. Both sides first prove to each other that they read the home's
 * keys, so that neither takes what listens on a port, or comes in by it, for the other. A
 * connection that ends says that its process is gone, however it ended.
 */

/** Where an emulator tells what serves its home; beside it is its log. */
export const announcementFile = "emulator.json";

export interface ControlChannel {
  send(value: unknown): Promise<void>;
  /** Each value in its turn. */
  onValue(take: (value: unknown) => void): void;
}

/** Longest line before the other side has proven itself, and how long that may take. */
const helloMsMax = 10_000;

/**
 * Opens the channel over a fresh connection, as one of the two sides. Null where the other side is
 * not of this home, does not answer, or has gone.
 */
export async function openChannel(
  socket: Socket,
  { secretAccessKey }: Keys,
  side: "host" | "user",
): Promise<ControlChannel | null> {
  socket.setNoDelay(true);
  const other = side === "host" ? "user" : "host";
  const proofOf = (who: string, nonce: string) =>
    createHmac("sha256", secretAccessKey).update(`${who}/${nonce}`).digest("hex");
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const late = setTimeout(() => socket.destroy(), helloMsMax);
  const own = randomBytes(16).toString("hex");
  try {
    await written(socket, { nonce: own });
    const { nonce } = (await nextOf(lines)) as { nonce?: unknown };
    if (typeof nonce !== "string" || nonce === own) throw new Error("no hello of an emulator");
    await written(socket, { proof: proofOf(side, nonce) });
    const { proof } = (await nextOf(lines)) as { proof?: unknown };
    if (!isSameText(String(proof), proofOf(other, own))) throw new Error("of another home");
  } catch {
    // Whoever it was: it is nobody that this side has to do with.
    socket.destroy();
    return null;
  } finally {
    clearTimeout(late);
  }
  return {
    send: (value) => written(socket, value),
    onValue(take) {
      void (async () => {
        try {
          for (;;) take(await nextOf(lines));
        } catch {
          // What cannot be read ends the connection, as its own end does.
          socket.destroy();
        }
      })();
    },
  };
}

async function nextOf(lines: AsyncIterator<string>): Promise<unknown> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error("the connection has ended");
  return JSON.parse(value);
}

function written(socket: Socket, value: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(`${JSON.stringify(value)}\n`, (error) =>
      error === null || error === undefined ? resolve() : reject(error),
    );
  });
}

function isSameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
