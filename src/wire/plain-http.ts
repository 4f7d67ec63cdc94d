import { connect, type Socket } from "node:net";

/** A reply, read to its end. */
export interface PlainReply {
  readonly status: number;
  /** By lower-case name; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it was sent: one chunk where its length was told first. */
  readonly chunks: readonly Buffer[];
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
  let head: Omit<PlainReply, "chunks"> | undefined;
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
  const chunks = chunkReader();
  return {
    take(bytes: Buffer): PlainReply | undefined {
      let rest: Buffer | undefined = bytes;
      if (head === undefined) rest = start(bytes);
      if (rest === undefined || head === undefined) return undefined;
      if (body !== undefined) {
        filled += rest.copy(body, filled);
        return filled === body.length ? { ...head, chunks: [body] } : undefined;
      }
      const whole = chunks.take(rest);
      return whole === undefined ? undefined : { ...head, chunks: whole };
    },
  };
}

/** The body in one piece. Who reads a stream's events needs none. */
export function wholeBody({ chunks }: PlainReply): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function parsedHead(text: string): Omit<PlainReply, "chunks"> {
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

/** Takes a body in chunks apart; `take` gives them with the last one. Trailers are dropped. */
function chunkReader() {
  const chunks: Buffer[] = [];
  /** What is not yet a whole line: a chunk's length, or what follows the last chunk. */
  let line = "";
  let missing = 0;
  let total = 0;
  const begin = (text: string) => {
    const size = Number.parseInt(text, 16);
    total += size;
    if (!(size >= 0 && total <= bodyBytesMax)) throw new Error("the reply has a malformed chunk");
    missing = size;
    if (size > 0) chunks.push(Buffer.allocUnsafe(size));
    return size > 0;
  };
  const fill = (bytes: Buffer, at: number): number => {
    const chunk = chunks.at(-1)!;
    const copied = bytes.copy(chunk, chunk.length - missing, at);
    missing -= copied;
    return at + copied;
  };
  /** Whether the last chunk, of no bytes, is behind us. */
  let isLast = false;
  return {
    take(bytes: Buffer): readonly Buffer[] | undefined {
      for (let at = 0; at < bytes.length; ) {
        if (missing > 0) {
          at = fill(bytes, at);
          continue;
        }
        const end = bytes.indexOf("\n", at);
        line += bytes.toString("latin1", at, end < 0 ? bytes.length : end + 1);
        if (line.length > headBytesMax) throw new Error("the reply has a malformed chunk");
        if (end < 0) return undefined;
        at = end + 1;
        const text = line.trim();
        line = "";
        if (isLast && text === "") return chunks;
        // A line of its own ends each chunk.
        if (!isLast && text !== "") isLast = !begin(text);
      }
      return undefined;
    },
  };
}
