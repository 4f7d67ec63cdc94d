import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fieldsOf, type ProtobufField } from "../../src/data/corpus/protobuf.ts";

export interface Taken {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Collector {
  readonly address: string;
  readonly taken: Taken[];
  close(): Promise<void>;
}

/** A server that keeps what it is sent, and answers as it is told. */
export async function collector(
  answer: (request: Taken) => { readonly status: number; readonly body?: object } = () => ({
    status: 200,
  }),
): Promise<Collector> {
  const taken: Taken[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const one = { method, path: url, headers, body: Buffer.concat(chunks) };
    taken.push(one);
    const { status, body } = answer(one);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export interface Span {
  readonly trace: string;
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly from: bigint;
  readonly to: bigint;
}

/** https://github.com/open-telemetry/opentelemetry-proto, trace.proto: fields by their numbers. */
export function spansOf({ body }: Taken): Span[] {
  const within = (bytes: Uint8Array, number: number) =>
    fieldsOf(bytes)!.flatMap((field) => (field.number === number ? [field.bytes!] : []));
  const text = (fields: readonly ProtobufField[], number: number, form: "hex" | "utf8") =>
    Buffer.from(fields.find((one) => one.number === number)?.bytes ?? []).toString(form);
  const time = (fields: readonly ProtobufField[], number: number) =>
    Buffer.from(fields.find((one) => one.number === number)!.bytes!).readBigUInt64LE();
  return within(body, 1)
    .flatMap((resource) => within(resource, 2))
    .flatMap((scope) => within(scope, 2))
    .map((bytes) => {
      const fields = fieldsOf(bytes)!;
      return {
        ...{ trace: text(fields, 1, "hex"), id: text(fields, 2, "hex") },
        ...{ parent: text(fields, 4, "hex"), name: text(fields, 5, "utf8") },
        ...{ from: time(fields, 7), to: time(fields, 8) },
      };
    });
}

/** As an MLflow server answers. */
export function mlflow({ path }: Taken): { readonly status: number; readonly body?: object } {
  if (path.includes("experiments/get-by-name")) return { status: 404, body: {} };
  if (path.includes("experiments/create")) return { status: 200, body: { experiment_id: "7" } };
  if (path.includes("runs/search")) return { status: 200, body: {} };
  if (path.includes("runs/create"))
    return { status: 200, body: { run: { info: { run_id: "abc" } } } };
  if (path.includes("runs/get"))
    return {
      status: 200,
      body: { run: { info: { artifact_uri: "mlflow-artifacts:/7/abc/artifacts" } } },
    };
  return { status: 200, body: {} };
}
