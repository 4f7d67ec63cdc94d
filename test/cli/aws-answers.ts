import { once } from "node:events";
import { createServer } from "node:http";

/** What AWS answered to a call that went wrong, as its clients get it. */
export interface AwsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** S3's way to refuse. */
export function s3Refusal(status: number, code: string, message: string, more = ""): AwsAnswer {
  const xml =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>` +
    `<Message>${message}</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId></Error>`;
  return { status, headers: { "content-type": "application/xml" }, body: xml };
}

/** Lambda's way to refuse. */
export function lambdaRefusal(status: number, type: string, message: string): AwsAnswer {
  const headers = { "content-type": "application/json", "x-amzn-errortype": type };
  return { status, headers, body: JSON.stringify({ Type: "User", Message: message, message }) };
}

/** A server that gives one answer to everything. */
export async function answering(answer: AwsAnswer): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(answer.status, { ...answer.headers, "x-amz-request-id": "4442587F" });
      response.end(request.method === "HEAD" ? "" : answer.body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
