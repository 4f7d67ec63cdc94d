import { Readable } from "node:stream";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { connectPlain, type PlainConnection, wholeBody } from "../wire/plain-http.ts";

const eventStream = "application/vnd.amazon.eventstream";

type Handler = NodeHttpHandler;
type Request = Parameters<Handler["handle"]>[0];
type Options = Parameters<Handler["handle"]>[1];
type Answer = Awaited<ReturnType<Handler["handle"]>>;

/** Whether an endpoint is on this machine, without TLS. */
export function isLocal(endpoint: string | undefined): boolean {
  return /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/|$)/i.test(endpoint ?? "");
}

/**
 * The SDK's request handler for an endpoint on this machine. It reads a reply to its end; the
 * SDK's own handler sends what is streamed.
 */
export class LocalHttpHandler extends NodeHttpHandler {
  readonly #idle: PlainConnection[] = [];
  readonly #open = new Set<PlainConnection>();

  override async handle(request: Request, options?: Options): Promise<Answer> {
    const { body } = request;
    const plain = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    if (!plain) return super.handle(request, options);
    const bytes = typeof body === "string" ? Buffer.from(body) : (body as Uint8Array | undefined);
    const connection = this.#connection(request);
    const abort = () => connection.destroy();
    const signal = options?.abortSignal as AbortSignal | undefined;
    signal?.addEventListener("abort", abort);
    try {
      connection.hold(true);
      const reply = await connection.request(headOf(request, bytes?.length ?? 0), bytes);
      connection.hold(false);
      if (connection.usable) this.#idle.push(connection);
      else this.#open.delete(connection);
      const { status: statusCode, headers } = reply;
      // The SDK takes a stream's events apart from a stream alone.
      const body =
        headers["content-type"] === eventStream ? Readable.from(reply.chunks) : wholeBody(reply);
      return { response: { statusCode, headers, body } as Answer["response"] };
    } catch (thrown) {
      this.#open.delete(connection);
      if (signal?.aborted) throw named("AbortError", "Request aborted");
      throw thrown;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  override destroy(): void {
    for (const connection of this.#open) connection.destroy();
    super.destroy();
  }

  #connection({ hostname, port }: Request): PlainConnection {
    for (let next = this.#idle.pop(); next !== undefined; next = this.#idle.pop()) {
      if (next.usable) return next;
      this.#open.delete(next);
    }
    const connection = connectPlain(hostname, port ?? 80);
    this.#open.add(connection);
    return connection;
  }
}

function headOf({ method, path, query, hostname, port, headers }: Request, length: number): string {
  const parameters = Object.entries(query ?? {}).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value ?? ""))}`,
  );
  const search = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
  let head = `${method} ${path}${search} HTTP/1.1\r\nhost: ${hostname}:${port ?? 80}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (/^(host|content-length|connection)$/i.test(name)) continue;
    if (/[\r\n]/.test(name + value)) throw new Error(`header ${name} holds a line break`);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}content-length: ${length}\r\n\r\n`;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
