import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { connectPlain, type PlainReply, wholeBody } from "../../src/wire/plain-http.ts";

const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/** What a client reads of `bytes`, sent in pieces that end at `cuts`. */
async function readBy(bytes: Buffer, cuts: readonly number[]): Promise<PlainReply> {
  const server = createServer((socket) => void send(socket.setNoDelay(true), bytes, cuts));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connection = connectPlain("127.0.0.1", (server.address() as { port: number }).port);
  try {
    return await connection.request("GET / HTTP/1.1\r\n\r\n");
  } finally {
    connection.destroy();
    server.close();
  }
}

async function send(socket: Socket, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  socket.on("error", () => undefined);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    socket.write(bytes.subarray(from, to));
    from = to;
    // The next turn of the loop, so that the pieces travel one by one.
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
}

const chunk = (bytes: Buffer | string, extension = "") =>
  Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}${extension}\r\n`),
    Buffer.from(bytes),
    Buffer.from("\r\n"),
  ]);

test("a body in chunks is the same wherever it is cut on its way", async () => {
  const random = randomFrom(3);
  const large = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => i * 7));
  const parts = ["a", "\r\n0\r\n\r\n", large, "end"].map((one) => Buffer.from(one));
  const wire = Buffer.concat([
    Buffer.from(head),
    ...parts.map((part, i) => chunk(part, i === 1 ? ";name=value" : "")),
    Buffer.from("0\r\nchecksum: abc\r\n\r\n"),
  ]);
  for (let round = 0; round < 12; round++) {
    const drawn = Array.from({ length: 8 }, () => Math.floor(random.uniform() * wire.length));
    const near = [head.length + 1, head.length + 2, wire.length - 3, wire.length - 1];
    const reply = await readBy(
      wire,
      [...drawn, ...near].sort((a, b) => a - b),
    );
    expect(wholeBody(reply).equals(Buffer.concat(parts))).toBe(true);
    expect(reply.chunks.map(({ length }) => length)).toEqual(parts.map(({ length }) => length));
  }
});

test.each([
  ["a length that is none", "zz\r\nabc\r\n0\r\n\r\n"],
  ["a chunk above the bound", "fffffffff\r\n"],
  ["a length that never ends", "1".repeat(70_000)],
])("%s is refused", async (_what, body) => {
  await expect(readBy(Buffer.from(head + body), [])).rejects.toThrow("malformed chunk");
});

test("a body that breaks off is no reply", async () => {
  const broken = Buffer.concat([Buffer.from(head), chunk("abc"), Buffer.from("5\r\nab")]);
  await expect(readBy(broken, [])).rejects.toThrow("ended before the reply");
});
