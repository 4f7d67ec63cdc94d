/**
 * Runs in a process of its own, bundled beside SST's platform: the real components of `infra/`
 * over Pulumi mocks. Prints one JSON object: every resource with its inputs, every policy document.
 */

import { once } from "node:events";
import { createServer } from "node:http";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { runtime } from "@pulumi/pulumi";

const stage = process.env.KOFN_STAGE ?? "test";
const root = process.cwd();
const resources: { type: string; name: string; inputs: unknown }[] = [];
const calls: { token: string; inputs: unknown }[] = [];

await serveRpc();
runtime.setMocks(
  {
    newResource({ type, name, inputs }) {
      resources.push({ type, name, inputs });
      const arn = arnOf(type, name);
      const version = inputs.publish === true ? { version: "1" } : {};
      const url = type.endsWith(":FunctionUrl") ? { functionUrl: `https://${name}.example/` } : {};
      const state = { ...inputs, ...version, ...url, arn, name: inputs.name ?? name, bucket: name };
      return { id: name, state };
    },
    call({ token, inputs }) {
      calls.push({ token, inputs });
      return answerTo(token, inputs);
    },
  },
  "kofn",
  stage,
  false,
);

const removal = stage === "production" ? "retain" : "remove";
const world = globalThis as unknown as Record<string, unknown>;
world.$app = { name: "kofn", stage, removal, providers: { aws: { region: "us-east-1" } } };
world.$dev = false;
world.$util = pulumi;
world.$output = pulumi.output;
world.$interpolate = pulumi.interpolate;
world.$resolve = pulumi.all;
world.$concat = pulumi.concat;
world.$jsonStringify = pulumi.jsonStringify;
world.$cli = {
  command: "deploy",
  rpc: "",
  paths: {
    root,
    work: process.env.KOFN_WORK,
    platform: `${root}/.sst/platform`,
    home: process.env.KOFN_WORK,
  },
  state: { version: {} },
};
world.aws = aws;
world.sst = await import("kofn:components");
const { deployKofn } = await import("kofn:infra");
const settings = JSON.parse(process.env.KOFN_SETTINGS ?? "{}") as object;
const told = deployKofn({ alarmEmail: "someone@example.org", ...settings });
await settled();
const outputs = await new Promise((resolve) => void pulumi.output(told).apply(resolve));
console.log(JSON.stringify({ resources, calls, outputs }));
process.exit(0);

/** As AWS writes them, since permissions are told by them. */
function arnOf(type: string, name: string): string {
  const service = type.split(":")[1]?.split("/")[0];
  if (service === "s3") return `arn:aws:s3:::${name}`;
  const kind = type.startsWith("aws:lambda/function:") ? "function:" : "";
  return `arn:aws:${service}:us-east-1:123456789012:${kind}${name}`;
}

function answerTo(token: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (token.startsWith("aws:iam/getPolicyDocument"))
    return { json: JSON.stringify(inputs), ...inputs };
  if (token.startsWith("aws:index/getRegion"))
    return { id: "us-east-1", name: "us-east-1", region: "us-east-1" };
  if (token.startsWith("aws:index/getPartition")) return { partition: "aws", id: "aws" };
  if (token.startsWith("aws:index/getCallerIdentity")) return { accountId: "123456789012" };
  return inputs;
}

/** What SST's own process answers while it deploys. */
async function serveRpc(): Promise<void> {
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const { method, params } = JSON.parse(text) as {
        method: string;
        params: [{ handler: string; bundle?: string }];
      };
      const [{ handler, bundle }] = params;
      const result =
        method === "Runtime.Build"
          ? { handler, out: bundle ?? `${root}/functions`, errors: [], sourcemaps: [] }
          : {
              asset: "assets",
              assetEcrUrl: "",
              state: "state",
              appsyncHttp: "",
              appsyncRealtime: "",
            };
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  process.env.SST_SERVER = `http://127.0.0.1:${port}`;
}

/** Components resolve their outputs one after another; it is over when nothing more is recorded. */
async function settled(): Promise<void> {
  for (let quietMs = 0, seen = -1; quietMs < 1_500; quietMs += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (resources.length + calls.length !== seen) quietMs = 0;
    seen = resources.length + calls.length;
  }
}
