import { connect } from "node:net";
import { expect, test } from "vitest";
import { startEmulatorProcess } from "../../src/emulator/emulator-process.ts";
import { accessTo, ensureBucket } from "../../src/platform/local/s3-access.ts";
import { temporaryHome } from "../scenarios/workplace.ts";

test("a large object that is there already is found out while it is under way", async () => {
  await using home = await temporaryHome();
  const emulator = await startEmulatorProcess({ home: home.path, functions: {} });
  try {
    const store = await ensureBucket(accessTo(emulator.environment));
    for (let kilobytes = 5_500; kilobytes < 8_500; kilobytes += 300) {
      const bytes = new Uint8Array(kilobytes * 1_000).fill(7);
      const tries = [];
      for (let i = 0; i < 3; i++) tries.push(await store.writeOnce(`${kilobytes}`, bytes));
      expect(tries).toEqual([true, false, false]);
    }
  } finally {
    await emulator.close();
  }
});

test("who is refused and sends no body is answered, too", async () => {
  await using home = await temporaryHome();
  const emulator = await startEmulatorProcess({ home: home.path, functions: {} });
  try {
    for (const endpoint of [emulator.endpoints.s3, emulator.endpoints.lambda]) {
      const { port, host } = new URL(endpoint);
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(`PUT /kofn/a HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 9000000\r\n\r\n`);
      const answer = await new Promise<string>((resolve) =>
        socket.once("data", (data) => resolve(data.toString("latin1"))),
      );
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      socket.destroy();
    }
  } finally {
    await emulator.close();
  }
});
