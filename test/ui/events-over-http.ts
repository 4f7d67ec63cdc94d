import { request } from "node:http";

/** An answer as it came over the wire, to any headers: `fetch` sends a Host of its own. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function ask(
  address: string,
  { method = "GET", headers = {}, body }: Asking = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode!, headers: response.headers, text });
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/** A server-sent event, its data as they were parsed. */
export interface ServerSent<Data> {
  readonly name: string;
  readonly id: string | undefined;
  readonly data: Data;
}

/** Reads server-sent events until one `isLast`; then the connection is closed. */
export function readEvents<Data>(
  address: string,
  isLast: (event: ServerSent<Data>) => boolean,
  lastEventId?: string,
): Promise<ServerSent<Data>[]> {
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  return new Promise((resolve, reject) => {
    const events: ServerSent<Data>[] = [];
    let rest = "";
    const sent = request(address, { headers }, (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        const blocks = (rest + chunk).split("\n\n");
        rest = blocks.pop()!;
        for (const event of blocks.flatMap((block) => parsed<Data>(block))) {
          events.push(event);
          if (!isLast(event)) continue;
          sent.destroy();
          resolve(events);
          return;
        }
      });
      response.on("end", () => reject(new Error(`ended after ${JSON.stringify(events)}`)));
    });
    sent.once("error", reject);
    sent.end();
  });
}

function parsed<Data>(block: string): ServerSent<Data>[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const [name, data] = [field("event"), field("data")];
  if (name === undefined || data === undefined) return [];
  return [{ name, id: field("id"), data: JSON.parse(data) as Data }];
}
