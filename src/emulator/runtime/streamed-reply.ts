import { Writable } from "node:stream";
import { awaitedLater } from "../../core/awaited-later.ts";
import type { PlainConnection } from "../../wire/plain-http.ts";

/** An error as Lambda's runtime reports it. */
export interface ErrorReport {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** A reply that its handler writes piece by piece. */
export interface StreamedReply {
  readonly writable: Writable;
  /** After the stream has ended and its bytes were taken. */
  finished(): Promise<void>;
  /** Ends a reply that has begun by an error in its trailers, another one by an error alone. */
  fail(error: ErrorReport): Promise<void>;
}

/** How a reply is sent. */
export interface Outlets {
  /** In one piece, for a handler that wrote but once. */
  whole(bytes: Buffer): Promise<void>;
  /** The head of a reply in chunks. */
  readonly head: string;
  /** As an error, for a handler that wrote nothing. */
  fail(error: ErrorReport): Promise<void>;
}

export function streamedReply(connection: PlainConnection, outlets: Outlets): StreamedReply {
  // The first piece waits for the end of its turn: mostly it is also the last one.
  let held: Buffer | undefined;
  let chunked = false;
  const taken = Promise.withResolvers<unknown>();
  // Whoever awaits `finished` gets the failure; a handler that never ends has nobody.
  void awaitedLater(taken.promise);
  const chunk = (bytes: Buffer, done?: () => void) => {
    connection.write(`${bytes.length.toString(16)}\r\n`);
    connection.write(bytes);
    connection.write("\r\n", done);
  };
  const goOn = () => {
    if (chunked || held === undefined) return;
    chunked = true;
    connection.request(outlets.head).then(taken.resolve, taken.reject);
    chunk(held);
    held = undefined;
  };
  const writable = new Writable({
    highWaterMark: 1 << 20,
    write(bytes: Buffer, _encoding, done) {
      goOn();
      if (bytes.length === 0) done();
      else if (chunked) chunk(bytes, done);
      else {
        held = bytes;
        setImmediate(goOn);
        done();
      }
    },
    final(done) {
      if (chunked) connection.write("0\r\n\r\n");
      else outlets.whole(held ?? Buffer.alloc(0)).then(taken.resolve, taken.reject);
      held = undefined;
      done();
    },
  });
  // Bundles may name the type of what they write; the local platform has no use for it.
  Object.assign(writable, { setContentType: () => {} });
  return {
    writable,
    async finished() {
      await taken.promise;
    },
    async fail(error) {
      goOn();
      if (!chunked) return outlets.fail(error);
      const body = Buffer.from(JSON.stringify(error)).toString("base64");
      const type = error.errorType.replace(/[^\w.]/g, "_");
      connection.write(
        "0\r\nLambda-Runtime-Function-Error-Type: " +
          `${type}\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n\r\n`,
      );
      await taken.promise;
    },
  };
}
