import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import { bucket, bundleFolder } from "../../src/platform/local/paths.ts";
import { accessTo } from "../../src/platform/local/s3-access.ts";
import { predictorKey } from "../../src/store-layout.ts";
import { jsonLines, kofn } from "../cli/fixtures.ts";
import { temporaryHome } from "./workplace.ts";

const examples = join(import.meta.dirname, "../../examples");

/** The predictor as it is deployed, under its role, over the local Lambda. */
async function predicting(home: string) {
  const emulator = await startEmulator({
    home,
    functions: {
      predictor: {
        directory: await bundleFolder("predictor"),
        ...deployed.predictor,
        role: deployedRoles.predictor,
        environment: { KOFN_BUCKET: bucket, KOFN_PREDICT: "prices" },
      },
    },
  });
  const client = lambdaClient(accessTo(emulator.environment).lambda);
  const invoke = async (event: unknown) => {
    const sent = new InvokeCommand({ FunctionName: "predictor", Payload: JSON.stringify(event) });
    const { Payload, FunctionError } = await client.send(sent);
    return { failed: FunctionError, answer: JSON.parse(Buffer.from(Payload!).toString()) };
  };
  const close = async () => {
    client.destroy();
    await emulator.close();
  };
  return { invoke, close };
}

/** What kofn predict says of a file's rows, beside the rows. */
async function predicted(home: string, run: string, file: string, target: string) {
  const text = await readFile(file, "utf8");
  const [head = "", ...lines] = text.trim().split("\n");
  const names = head.split(",");
  const rows = lines.slice(0, 25).map((line) => {
    const cells = line.split(",").map((cell, i) => [names[i]!, cell] as const);
    return Object.fromEntries(cells.filter(([name]) => name !== target));
  });
  const { out, err } = await kofn(home, "predict", run, file, "--format", "jsonl");
  expect(err).not.toContain("error:");
  return { rows, answers: jsonLines(out).slice(0, rows.length) };
}

test("the predictor function answers what kofn predict does, from its model alone", async () => {
  await using home = await temporaryHome();
  const done = async (...args: string[]) => {
    const ended = await kofn(home.path, ...args);
    expect(ended.exitCode, ended.err).toBe(0);
    return ended.out;
  };
  const simulate = (name: string, rounds: number) => {
    const few = ["--set", `stop.rounds=${rounds}`, "--name", name];
    return done("simulate", join(examples, name, "run.yaml"), ...few);
  };
  await simulate("houses", 5);
  expect(await done("export", "houses", "--publish", "prices")).toBe(`${predictorKey("prices")}\n`);
  const refused = await kofn(home.path, "export", "houses", "--publish", "a b");
  expect([refused.exitCode, refused.err]).toEqual([2, expect.stringMatching(/small letters/)]);
  const file = join(examples, "houses/houses.csv");
  const { rows, answers } = await predicted(home.path, "houses", file, "price");
  const { invoke, close } = await predicting(home.path);
  try {
    const { failed, answer } = await invoke(rows);
    expect(failed, JSON.stringify(answer)).toBeUndefined();
    const values = (answer.predictions as { value: number }[]).map(({ value }) => value);
    expect(values).toEqual(answers.map(({ prediction }) => prediction));
    const url = (method: string, rawPath: string, body?: unknown) => ({
      version: "2.0",
      rawPath,
      requestContext: { http: { method } },
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const asked = await invoke(url("POST", "/predict", { rows }));
    expect(asked.answer.statusCode).toBe(200);
    expect(JSON.parse(asked.answer.body)).toEqual(answer);
    expect((await invoke(url("GET", "/"))).answer.body).toContain('"run":"houses"');
    const wrong = await invoke(url("POST", "/predict", [{ nothing: 1 }]));
    expect(wrong.answer.statusCode).toBe(400);
    expect((await invoke({ rows: "no" })).failed).toBe("Unhandled");
  } finally {
    await close();
  }
});

test("a network is published whole, and a missing model is said with the remedy", async () => {
  await using home = await temporaryHome();
  const glyphs = join(examples, "glyphs/run.yaml");
  const few = ["--set", "stop.rounds=2", "--set", "workers=2", "--set", "wait=all"];
  const ran = await kofn(home.path, "simulate", glyphs, ...few, "--name", "glyphs");
  expect(ran.exitCode, ran.err).toBe(0);
  const invoked = async (event: unknown) => {
    const { invoke, close } = await predicting(home.path);
    return invoke(event).finally(close);
  };
  const early = await invoked([{ p0: 1 }]);
  expect(early.answer.errorMessage).toMatch(/predictors\/prices.*no model is published/);
  await kofn(home.path, "export", "glyphs", "--publish", "prices");
  const file = join(examples, "glyphs/glyphs.csv");
  const { rows, answers } = await predicted(home.path, "glyphs", file, "shape");
  const { answer } = await invoked({ rows });
  const classes = (answer.predictions as { class: string }[]).map((one) => one.class);
  expect(classes).toEqual(answers.map((one) => one.class));
});
