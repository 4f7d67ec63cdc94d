import { connect, type Socket } from "node:net";

/** A reply, read to its end. */
export interface PlainReply {
  readonly status: number;
  /** By lower-case name; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * One HTTP/1.1 connection without TLS, for endpoints on this machine. Large bodies are read into
 * place through one buffer that all connections share, instead of through a new one every 64 KB,
 * which costs several times the transfer itself in garbage.
 */
export interface PlainConnection {
  /** False from the moment it cannot take another request. */
  readonly usable: boolean;
  /**
   * Sends a head, which ends in an empty line, and a body; the rest of the body may follow by
   * `write`. One request at a time. Rejects where the connection ends before the reply does.
   */
  request(head: string, body?: Uint8Array): Promise<PlainReply>;
  /** Calls `done` when the connection wants more. */
  write(bytes: Uint8Array | string, done?: () => void): void;
  /** Whether an open connection keeps the process alive. */
  hold(alive: boolean): void;
  destroy(): void;
}

/** Read into by one connection at a time, and copied from before the next one reads. */
const scratch = Buffer.allocUnsafe(256 * 1024);
const headBytesMax = 64 * 1024;
const bodyBytesMax = 256 * 1024 * 1024;

export function connectPlain(host: string, port: number): PlainConnection {
  let waiting: PromiseWithResolvers<PlainReply> | undefined;
  let reader: ReturnType<typeof replyReader> | undefined;
  let failure: Error | undefined;

  const fail = (cause: Error) => {
    failure ??= cause;
    socket.destroy();
    waiting?.reject(cause);
    waiting = undefined;
  };
  const read = (length: number): boolean => {
    try {
      if (reader === undefined || waiting === undefined)
        throw new Error("bytes came that nobody asked for");
      const reply = reader.take(scratch.subarray(0, length));
      if (reply === undefined) return true;
      const { resolve } = waiting;
      waiting = undefined;
      reader = undefined;
      if (reply.headers.connection === "close") socket.destroy();
      resolve(reply);
    } catch (thrown) {
      fail(thrown as Error);
    }
    return true;
  };
  const onread = { buffer: scratch, callback: read };
  const socket: Socket = connect({ host, port, noDelay: true, onread });
  socket.on("error", fail);
  socket.on("close", () => fail(reset()));
  return {
    get usable() {
      return failure === undefined && waiting === undefined && !socket.destroyed;
    },
    request(head, body) {
      if (failure !== undefined) return Promise.reject(failure);
      waiting = Promise.withResolvers();
      reader = replyReader();
      socket.cork();
      socket.write(head, "latin1");
      if (body !== undefined && body.length > 0) socket.write(body);
      socket.uncork();
      return waiting.promise;
    },
    write(bytes, done) {
      if (socket.write(bytes)) done?.();
      else if (done) socket.once("drain", done);
    },
    hold(alive) {
      if (alive) socket.ref();
      else socket.unref();
    },
    destroy: () => void socket.destroy(),
  };
}

function reset(): Error {
  return Object.assign(new Error("the connection ended before the reply"), { code: "ECONNRESET" });
}

/** Puts one reply together; `take` gives it with its last byte. Throws on what is not HTTP. */
function replyReader() {
  let head: Omit<PlainReply, "body"> | undefined;
  let early: Buffer = Buffer.alloc(0);
  let body: Buffer | undefined;
  let filled = 0;
  const start = (bytes: Buffer): Buffer | undefined => {
    early = early.length === 0 ? bytes : Buffer.concat([early, bytes]);
    const end = early.indexOf("\r\n\r\n");
    if (end < 0) {
      if (early.length > headBytesMax) throw new Error("the reply's head does not end");
      early = Buffer.from(early);
      return undefined;
    }
    head = parsedHead(early.toString("latin1", 0, end));
    const length = head.headers["content-length"];
    const chunked = /chunked/i.test(head.headers["transfer-encoding"] ?? "");
    if (!chunked) body = Buffer.allocUnsafe(boundedLength(length ?? "0"));
    return early.subarray(end + 4);
  };
  let pieces: Buffer = Buffer.alloc(0);
  return {
    take(bytes: Buffer): PlainReply | undefined {
      let rest: Buffer | undefined = bytes;
      if (head === undefined) rest = start(bytes);
      if (rest === undefined || head === undefined) return undefined;
      if (body !== undefined) {
        filled += rest.copy(body, filled);
        return filled === body.length ? { ...head, body } : undefined;
      }
      pieces = Buffer.concat([pieces, rest]);
      const whole = dechunked(pieces);
      return whole === undefined ? undefined : { ...head, body: whole };
    },
  };
}

function parsedHead(text: string): Omit<PlainReply, "body"> {
  const [first = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1];
  if (status === undefined) throw new Error("the reply is not HTTP/1.1");
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(status), headers };
}

function boundedLength(text: string): number {
  const length = Number(text);
  if (!Number.isSafeInteger(length) || length < 0 || length > bodyBytesMax)
    throw new Error(`the reply says it has ${text} bytes`);
  return length;
}

/** The body in its chunks, or undefined where the last one is not in yet. Trailers are dropped. */
function dechunked(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (!(size >= 0 && size <= bodyBytesMax)) throw new Error("the reply has a malformed chunk");
    if (size === 0) return bytes.indexOf("\r\n\r\n", at) < 0 ? undefined : Buffer.concat(parts);
    at = line + 2 + size + 2;
    if (at > bytes.length) return undefined;
    parts.push(bytes.subarray(line + 2, at - 2));
  }
}
