/** What the clients in JavaScript share: the same jobs as in `jobs.py`, told in the same way. */
import { randomBytes } from "node:crypto";

export const endpoint = new URL(process.env.AWS_ENDPOINT_URL_S3);
export const accessKeyId = process.env.AWS_ACCESS_KEY_ID;
export const secretAccessKey = process.env.AWS_SECRET_ACCESS_KEY;
export const small = Buffer.from("small ü\n".repeat(100));
export const large = randomBytes(20 * 2 ** 20 + 7);
export const keys = ["a", "b/1", "b/2", "c d+e"];

export function same(found, wanted, what = "bytes") {
  const [a, b] = [found, wanted].map((one) =>
    Buffer.isBuffer(one) ? one.toString("latin1") : JSON.stringify(one),
  );
  if (a === b) return;
  throw Object.assign(new Error(`${what}: ${a.slice(0, 80)} for ${b.slice(0, 80)}`), {
    wrong: true,
  });
}

export async function collected(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

export async function fetched(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`);
  return Buffer.from(await reply.arrayBuffer());
}

export async function sent(url, body) {
  const reply = await fetch(url, { method: "PUT", body });
  if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`);
}

export async function perform(version, jobs) {
  console.log(JSON.stringify({ version }));
  for (const [job, work] of Object.entries(jobs)) {
    let outcome = "ok";
    try {
      await work();
    } catch (thrown) {
      const text = `${thrown.code ?? thrown.name}: ${thrown.message}`;
      if (thrown.wrong) outcome = `WRONG: ${thrown.message}`;
      else if (/NotImplemented|not implemented/.test(text)) outcome = "not offered: NotImplemented";
      else outcome = `FAILED: ${text.slice(0, 300)}`;
    }
    console.log(JSON.stringify({ job, outcome }));
  }
}
