import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { runChecks } from "./conformance-checks.ts";

const startMsMax = 60_000;

/** Another server for S3's API: how it is started on a port of this machine. */
export interface OtherServer {
  readonly name: string;
  readonly command: string;
  args(port: number): readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/**
 * What kofn expects of an S3, held against another server of it. What differs is printed, and says
 * something about the other one: S3 itself is the measure of both.
 */
export async function conformanceAgainst(server: OtherServer): Promise<boolean> {
  const port = await freePort();
  const child = spawn(server.command, server.args(port), {
    stdio: "ignore",
    env: { ...process.env, ...server.variables },
  });
  const gone = once(child, "exit");
  try {
    const endpoint = `http://127.0.0.1:${port}`;
    await answering(endpoint);
    console.log(server.name);
    await runChecks("test/conformance/s3.test.ts", { KOFN_CONFORMANCE_S3: endpoint });
    return true;
  } finally {
    child.kill();
    await gone;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

async function answering(endpoint: string): Promise<void> {
  const endMs = performance.now() + startMsMax;
  for (;;) {
    try {
      await fetch(endpoint);
      return;
    } catch (thrown) {
      // It refuses connections until it has started.
      if (performance.now() > endMs) throw thrown;
      await sleep(100);
    }
  }
}
