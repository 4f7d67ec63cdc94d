import { createHmac } from "node:crypto";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkSignatures } from "../../src/emulator/iam/chunk-signatures.ts";
import { type Keys, ownerWith } from "../../src/emulator/iam/identity.ts";
import { createBucket } from "../../src/storage/s3.ts";
import { refusal } from "./refusal.ts";
import {
  type Listening,
  listen,
  temporaryFolder,
  testIdentities,
  testKeys,
} from "./s3-listener.ts";

const folder = temporaryFolder();
const open: { close?(): unknown; destroy?(): unknown }[] = [];
afterAll(async () => {
  for (const one of open.reverse()) await (one.destroy?.() ?? one.close?.());
  folder.remove();
});

describe("S3", () => {
  let served: Listening;
  const temporary = { accessKeyId: "ASIAT", secretAccessKey: "t", sessionToken: "token" };
  const clientOf = (credentials: Keys, region = "us-east-1") => {
    const { endpoint } = served;
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    open.push(client);
    return client;
  };
  beforeAll(async () => {
    const identities = new Map([...testIdentities, ["ASIAT", ownerWith(temporary)] as const]);
    served = await listen({ root: join(folder.path, "s3"), identities });
    open.push(served);
    await createBucket(clientOf(testKeys), "mine");
  });
  const put = (client: S3Client, Key = "a") =>
    client.send(new PutObjectCommand({ Bucket: "mine", Key, Body: "x" }));
  /** An address that the SDK signed, of `mine`. */
  async function presigned(
    method: string,
    key: string,
    more: { seconds?: number; ago?: number; keys?: Keys; headers?: Record<string, string> } = {},
  ) {
    const { seconds = 60, ago = 0, keys = testKeys, headers = {} } = more;
    const signer = await clientOf(keys).config.signer({
      name: "sigv4",
      signingName: "s3",
      signingRegion: "us-east-1",
      properties: {},
    } as never);
    const { hostname, port } = new URL(served.endpoint);
    const request = {
      ...{ method, protocol: "http:", hostname, port: Number(port), path: `/mine/${key}` },
      query: {},
      // As the SDK's own presigner does: an address does not know what will be sent to it.
      headers: {
        ...{ host: `${hostname}:${port}`, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
        ...headers,
      },
    };
    const signed = await (signer as never as Presigner).presign(request, {
      expiresIn: seconds,
      signingDate: new Date(Date.now() - 1000 * ago),
      unsignableHeaders: new Set(["content-type"]),
    });
    return `${served.endpoint}${signed.path}?${new URLSearchParams(signed.query)}`;
  }

  test("asks who it is: nobody, a stranger, a wrong secret, place or token", async () => {
    const plain = await fetch(`${served.endpoint}/mine/a`);
    expect([plain.status, await plain.text()]).toEqual([
      403,
      expect.stringMatching("<Code>AccessDenied<"),
    ]);
    const stranger = clientOf({ accessKeyId: "AKIASTRANGER", secretAccessKey: "x" });
    expect(await refusal(put(stranger))).toEqual([403, "InvalidAccessKeyId"]);
    const wrong = clientOf({ ...testKeys, secretAccessKey: "x" });
    expect(await refusal(put(wrong))).toEqual([403, "SignatureDoesNotMatch"]);
    const elsewhere = clientOf(testKeys, "eu-west-1");
    expect(await refusal(put(elsewhere))).toEqual([400, "AuthorizationHeaderMalformed"]);
    const left = clientOf({ ...testKeys, sessionToken: "of somebody else" });
    expect(await refusal(put(left))).toEqual([400, "InvalidToken"]);
    expect(await refusal(put(clientOf({ ...temporary, sessionToken: "old" })))).toEqual([
      400,
      "InvalidToken",
    ]);
    expect(await refusal(put(clientOf(temporary)))).toBeNull();
    expect(await refusal(put(clientOf(testKeys), "a b+ü/..'(1)"))).toBeNull();
  });

  test("refuses the old way to sign, and two ways at once", async () => {
    const old = await fetch(`${served.endpoint}/mine/a`, {
      headers: { authorization: "AWS local:x" },
    });
    expect([old.status, await old.text()]).toEqual([
      400,
      expect.stringContaining("AWS4-HMAC-SHA256"),
    ]);
    const twice = await fetch(await presigned("GET", "a"), {
      headers: { authorization: "AWS local:x" },
    });
    expect([twice.status, await twice.text()]).toEqual([
      400,
      expect.stringContaining("InvalidArgument"),
    ]);
  });

  test("a presigned address is its signer's, for what was signed and as long", async () => {
    await put(clientOf(testKeys), "signed");
    const got = async (url: string, method = "GET") => {
      const reply = await fetch(url, { method });
      return [reply.status, /<Code>(\w+)</.exec(await reply.text())?.[1]];
    };
    expect(await got(await presigned("GET", "signed"))).toEqual([200, undefined]);
    const denied = [403, "SignatureDoesNotMatch"];
    expect(await got(await presigned("GET", "signed"), "DELETE")).toEqual(denied);
    expect(await got((await presigned("GET", "a")).replace("/a?", "/signed?"))).toEqual(denied);
    const keys = { accessKeyId: "AKIAX", secretAccessKey: "x" };
    expect(await got(await presigned("GET", "signed", { keys }))).toEqual([
      403,
      "InvalidAccessKeyId",
    ]);
    expect(await got(await presigned("GET", "signed", { ago: 59 }))).toEqual([200, undefined]);
    expect(await got(await presigned("GET", "signed", { ago: 62 }))).toEqual([403, "AccessDenied"]);
    expect(await got(await presigned("GET", "signed", { ago: -960 }))).toEqual([
      403,
      "AccessDenied",
    ]);
    const week = { seconds: 604_800, ago: 604_000 };
    expect(await got(await presigned("GET", "signed", week))).toEqual([200, undefined]);
    for (const lifetime of ["0", "-1", "604801", "soon", ""]) {
      const url = (await presigned("GET", "signed")).replace("Expires=60", `Expires=${lifetime}`);
      expect(await got(url)).toEqual([400, "AuthorizationQueryParametersError"]);
    }
    const cut = (await presigned("GET", "signed")).replace(/X-Amz-SignedHeaders=\w+&?/, "");
    expect(await got(cut)).toEqual([400, "AuthorizationQueryParametersError"]);
  });

  test("an address of the older kind is its signer's as well", async () => {
    await put(clientOf(testKeys), "old");
    const old = (secret: string, seconds: number, key = "old") => {
      const expires = Math.floor(Date.now() / 1000) + seconds;
      const signature = createHmac("sha1", secret).update(`GET\n\n\n${expires}\n/mine/${key}`);
      const query = { AWSAccessKeyId: "local", Expires: String(expires) };
      const search = new URLSearchParams({ ...query, Signature: signature.digest("base64") });
      return fetch(`${served.endpoint}/mine/old?${search}`);
    };
    expect((await old("local", 60)).status).toBe(200);
    expect(await (await old("other", 60)).text()).toContain("SignatureDoesNotMatch");
    expect(await (await old("local", 60, "a")).text()).toContain("SignatureDoesNotMatch");
    expect(await (await old("local", -60)).text()).toContain("Request has expired");
  });

  test("what a presigned address carries in place of headers counts as headers", async () => {
    const headers = { "x-amz-meta-run": "seven" };
    const url = await presigned("PUT", "moved", { headers });
    expect(url).toContain("x-amz-meta-run=seven");
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(200);
    const head = await fetch(await presigned("HEAD", "moved"), { method: "HEAD" });
    expect(head.headers.get("x-amz-meta-run")).toBe("seven");
  });
});

interface Presigner {
  presign(
    request: object,
    options: object,
  ): Promise<{ path: string; query: Record<string, string> }>;
}

test("chunks that were signed one after another are known by AWS's own example", () => {
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const scope = { date: "20130524", region: "us-east-1", service: "s3", end: "aws4_request" };
  const chunks = chunkSignatures(
    {
      ...{ where: "header", accessKeyId: "AKIAIOSFODNN7EXAMPLE", scope, signedHeaders: [] },
      signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
      ...{ date: "20130524T000000Z", expires: null, token: null },
    },
    secret,
  );
  const signatures = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
  ];
  const seen = [65_536, 1024, 0].map((length, i) => {
    chunks.update(Buffer.alloc(length, "a"));
    return chunks.endsWith(signatures[i]!);
  });
  expect(seen).toEqual([true, true, true]);
});
