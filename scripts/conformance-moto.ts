import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { runChecks } from "./conformance-checks.ts";
import { installedMoto } from "./conformance-install.ts";

const motoVersion = "5.2.3";
const startMsMax = 60_000;

/** What kofn expects of an S3, held against another emulator of it. */
export async function conformanceMoto(): Promise<boolean> {
  const server = await installedMoto(motoVersion);
  if (server === null) return true;
  const port = await freePort();
  const child = spawn(server, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const gone = once(child, "exit");
  try {
    const endpoint = `http://127.0.0.1:${port}`;
    await answering(endpoint);
    console.log(`moto ${motoVersion}`);
    await runChecks("test/conformance/s3.test.ts", { KOFN_CONFORMANCE_S3: endpoint });
    // What differs says something about the other one: S3 itself is the measure of both.
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
