import { request } from "node:http";

export interface RawReply {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export type Send = (
  method: string,
  path: string,
  body?: Buffer | string,
  headers?: Record<string, string>,
) => Promise<RawReply>;

/** A request as it is, its path untouched by any URL parser. */
export function sendTo(port: number, ...[method, path, body = "", more = {}]: Parameters<Send>) {
  return new Promise<RawReply>((resolve, reject) => {
    const { "transfer-encoding": coding, ...headers } = more;
    const options = { method, path, headers, port, host: "127.0.0.1" };
    const call = request(options, (reply) => {
      let text = "";
      reply.on("data", (piece: Buffer) => {
        text += piece.toString();
      });
      reply.on("end", () =>
        resolve({ status: reply.statusCode!, body: text, headers: reply.headers }),
      );
    });
    call.on("error", reject);
    if (coding === undefined) call.setHeader("content-length", Buffer.byteLength(body));
    else call.setHeader("transfer-encoding", coding);
    call.end(body);
  });
}
