import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { s3Client } from "../../src/storage/s3.ts";
import { kofn, kofnProcess, newFolder } from "./fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;

beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

test("doctor finds a working machine working", async () => {
  const { exitCode, out, err } = await kofn(folder.path, "doctor");
  expect(exitCode).toBe(0);
  for (const what of ["Node", "worker", "home", "emulator"])
    expect(out + err).toMatch(new RegExp(`ok +${what}`));
  expect(out + err).not.toMatch(/^mend/m);
});

test("emulate serves until it is interrupted, by the variables it prints", async () => {
  const running = kofnProcess({ home: folder.path }, "emulate");
  await running.says(/AWS_ENDPOINT_URL_S3=\S+\n[\s\S]*Ctrl-C ends it/);
  const announced = await readFile(join(folder.path, "emulator.json"), "utf8");
  const { environment } = JSON.parse(announced) as { environment: Record<string, string> };
  const client = s3Client(accessTo(environment).s3);
  await client.send(new PutObjectCommand({ Bucket: "kofn", Key: "a", Body: "written" }));
  const { Body } = await client.send(new GetObjectCommand({ Bucket: "kofn", Key: "a" }));
  expect(await Body?.transformToString()).toBe("written");
  client.destroy();
  running.child.kill("SIGINT");
  const { exitCode, out, err } = await running.ended;
  expect(exitCode).toBe(0);
  expect(environment.AWS_ACCESS_KEY_ID).toMatch(/^AKIA[0-9A-F]{16}$/);
  for (const name of ["AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    expect(out).toContain(`export ${name}=${environment[name]}`);
  expect(err).toMatch(/before 1\.29 and 2\.13, .* ignore AWS_ENDPOINT_URL_S3/);
});
