import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  account,
  compare,
  exportModel,
  list,
  loadModel,
  plan,
  release,
  type SpecInCode,
  train,
} from "../../src/index.ts";
import { serve } from "../../src/library/serve.ts";
import { newFolder } from "../cli/fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
});
afterAll(() => folder.remove());

const rows = Array.from({ length: 80 }, (_, i) => ({
  size: (i * 7) % 20,
  kind: i % 2 ? "odd" : "even",
  price: 2 * ((i * 7) % 20) + (i % 2) + 0.5,
}));
const spec: SpecInCode = {
  problem: "ridge",
  data: { rows, target: "price", test: 0.25 },
  workers: 4,
  stop: { rounds: 6, tolerance: 0 },
};
const options = () => ({ backend: "simulated" as const, home });

it("plans, compares and lists from code", async () => {
  const planned = await plan({ ...spec, wait: "auto" }, options());
  expect(planned.spec.auto).toBeUndefined();
  expect(planned.seconds).toBeGreaterThan(0);
  expect(planned.rounds).toBe(6);
  const settings = { all: { wait: "all" }, some: { wait: { fastest: 3 } } } as const;
  const { runs, report } = await compare(spec, settings, options());
  expect(Object.keys(runs)).toEqual(["all", "some"]);
  expect(runs.some!.result.erasures).toBeGreaterThan(runs.all!.result.erasures);
  expect(await readFile(report, "utf8")).toMatch(/^<!doctype html>/);
  const listed = await list({ home });
  expect(listed.map(({ run }) => run)).toEqual([runs.all!.run, runs.some!.run]);
  expect(listed[0]).toMatchObject({ status: "done", rounds: 6, backend: "simulated" });
  expect(await list({ home: join(folder.path, "nowhere") })).toEqual([]);
});

it("exports what loadModel reads again, with the same predictions", async () => {
  const { run, model } = await train(spec, options());
  const expected = await (await model()).predict(rows);
  for (const format of ["safetensors", "hub"] as const) {
    const output = join(folder.path, format === "hub" ? "hub" : "model.safetensors");
    const path = await exportModel(run, { home, format, output });
    const loaded = await loadModel(path);
    expect(await loaded.predict(rows), format).toEqual(expected);
    expect(loaded.run).toBe(run);
  }
  const card = await readFile(join(folder.path, "hub/README.md"), "utf8");
  expect(card).toMatch(/^---\nlibrary_name: kofn\npipeline_tag: tabular-regression\n/);
  expect(card).toMatch(/rmse on test rows \| \d/);
  expect(card).toMatch(/\| data \| digest `[0-9a-f]{64}` \|/);
});

it("accounts, and releases what may be trained on", async () => {
  const mechanism = { mechanism: "gaussian", adjacency: "add-remove", sensitivity: 1 };
  const { epsilon } = account([{ ...mechanism, sigma: 4, times: 1 }], { delta: 1e-5 });
  expect(epsilon).toBeGreaterThan(0.5);
  expect(epsilon).toBeLessThan(1.5);
  const numbers = rows.map(({ size, price }) => ({ size, price }));
  const data = { rows: numbers, target: "price", standardize: false } as const;
  const released = await release(
    { ...spec, data },
    {
      scheme: "additive",
      epsilon: 5,
      delta: 1e-5,
      ranges: { size: [0, 20], price: [0, 50] },
      home,
    },
  );
  const lines = new TextDecoder().decode(released.csv).trimEnd().split("\n");
  expect(lines).toHaveLength(81);
  expect(released.sigma).toBeGreaterThan(0);
});

/** A page that made its own name mean this machine would send that name. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const asked = request(url, { headers: { host } });
  asked.end();
  const [answered] = (await once(asked, "response")) as [IncomingMessage];
  answered.resume();
  return answered.statusCode;
}

it("serves predictions on loopback, and tells what is wrong with rows", async () => {
  const { model } = await train(spec, options());
  const hand = await model();
  const served = await serve(hand, { port: 0 });
  try {
    const about = (await (await fetch(served.url)).json()) as object;
    const { run, columns, example } = hand;
    expect(about).toEqual({ run, columns, classes: null, example });
    expect(columns).toEqual(["size", "kind"]);
    const post = async (body: string, type = "application/json", path = "/predict") => {
      const headers = { "content-type": type };
      const answered = await fetch(`${served.url}${path}`, { method: "POST", headers, body });
      return { status: answered.status, body: (await answered.json()) as object };
    };
    const expected = await hand.predict(rows.slice(0, 2));
    const text = JSON.stringify(rows.slice(0, 2));
    expect(await post(text)).toEqual({ status: 200, body: { predictions: expected } });
    expect(await post(`{"rows": ${text}}`)).toMatchObject({ status: 200 });
    expect(await post(JSON.stringify([example]))).toMatchObject({ status: 200 });
    expect(await statusFor(served.url, "evil.example")).toBe(403);
    expect(await post("{")).toMatchObject({ status: 400 });
    expect(await post('[{"size": 1}]')).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/kind/) },
    });
    expect(await post(text, "text/plain")).toMatchObject({ status: 415 });
    expect(await post(text, "application/json", "/other")).toMatchObject({ status: 404 });
  } finally {
    await served.close();
  }
  await expect(fetch(served.url)).rejects.toThrow();
});
