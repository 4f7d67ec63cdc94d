import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { invocationUsd } from "../../../src/limits.ts";
import { compareBill } from "../../../src/platform/billing/compare-bill.ts";
import { readCosts } from "../../../src/platform/billing/cost-file.ts";
import { billItems, orchestrationUsd } from "../../../src/platform/billing/run-bill.ts";
import { arn, costText, header, sourceOf } from "./cost-lines.ts";

const used = {
  workerMs: 1_000_000,
  invocations: 480,
  coldStarts: 20,
  orchestratorMs: 600_000,
  segments: 1,
  checkpoints: 100,
  objectsPerStart: 3,
};
const deployment = { stage: "dev", bucket: "app-dev-store", worker: "W", orchestrator: "O:7" };
const run = {
  startMs: Date.parse("2026-11-20T10:20:00Z"),
  endMs: Date.parse("2026-11-20T10:30:00Z"),
};

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Prices of us-east-1: arm64 $0.0000133334 a GB-s, $0.20 a million requests. */
test("a run's bill, by hand", () => {
  const items = billItems(used);
  const usd = (charge: string) => items.find((item) => item.charge === charge)?.costUsd;
  expect(usd("compute")).toBeCloseTo(1_600 * (1769 / 1024) * 0.0000133334, 12);
  expect(usd("requests")).toBeCloseTo(481 * 0.0000002, 12);
  expect(usd("tenant environments")).toBeCloseTo(20 * (1769 / 1024) * 0.000167, 12);
  expect(usd("durable operations")).toBeCloseTo(2 * 0.000008, 12);
  // 100 checkpoints of two objects, each with a look at who else writes; 20 heartbeats likewise.
  expect(usd("store writes")).toBeCloseTo((400 + 40 + 4) * 0.000005, 12);
  expect(usd("store reads")).toBeCloseTo((600 + 60) * 0.0000004, 12);
});

/** An hour in five segments: 3,600 s of 1,769 MB, 10 operations, 60 looks a minute at the store. */
test("what orchestrating an hour costs, by hand", () => {
  const computeUsd = 3_600 * (1769 / 1024) * 0.0000133334 + 5 * 0.0000002;
  const durableUsd = 10 * 0.000008 + ((10 * 300) / 1e9) * 0.25;
  const storeUsd = (4 * 100 + 2 * 120 + 4) * 0.000005 + 3_600 * 0.0000004;
  const usd = orchestrationUsd({ rounds: 100, seconds: 3_600 });
  expect(usd).toBeCloseTo(computeUsd + durableUsd + storeUsd, 10);
});

/** 1 GB for a second, and a request. */
test("an invocation by hand: either processor, a tenant's environment once, an event twice", () => {
  const one = { billedMs: 1_000, memoryMb: 1_024 } as const;
  const usd = (more: object) => invocationUsd({ ...one, ...more });
  expect(usd({ architecture: "x86_64" })).toBeCloseTo(0.0000166667 + 0.0000002, 14);
  expect(usd({ architecture: "arm64" })).toBeCloseTo(0.0000133334 + 0.0000002, 14);
  expect(usd({ startsTenant: true, times: 2 })).toBeCloseTo(2 * 0.0000135334 + 0.000167, 14);
});

test("a run of this home has no orchestrator to pay for", () => {
  const items = billItems({ ...used, orchestratorMs: 0, segments: 0 });
  expect(items.map(({ charge }) => charge)).not.toContain("durable operations");
  expect(items[0]).toMatchObject({ charge: "compute", isEstimate: false });
  expect(items[0]!.costUsd).toBeCloseTo(1_000 * (1769 / 1024) * 0.0000133334, 12);
});

const line = (usage: string, amount: string, cost: string, more: object = {}) => ({
  line_item_usage_type: usage,
  line_item_usage_amount: amount,
  line_item_unblended_cost: cost,
  ...more,
});
const store = { line_item_product_code: "AmazonS3", line_item_resource_id: "app-dev-store" };
const worker = { line_item_resource_id: arn("W") };
const rows = [
  line("EUW1-Lambda-GB-Second-ARM", "1727.54", "0.0230339", worker),
  line("EUW1-Lambda-GB-Second-ARM", "1036.52", "0.0138204", { line_item_resource_id: arn("O") }),
  line("EUW1-Request-ARM", "480", "0.000096", worker),
  line("EUW1-Requests-Tier1", "440", "0.0022", store),
  line("EUW1-Requests-Tier2", "700", "0.00028", store),
  line("EUW1-TimedStorage-ByteHrs", "0.01", "0.00023", store),
  line("EUW1-Something-New", "1", "0.5", worker),
  // Another function, another bucket, another hour, another service, a tax: none of them counts.
  line("EUW1-Lambda-GB-Second-ARM", "9", "9", { line_item_resource_id: arn("Website") }),
  line("EUW1-Requests-Tier1", "9", "9", { ...store, line_item_resource_id: "other-bucket" }),
  line("EUW1-Lambda-GB-Second-ARM", "9", "9", {
    ...worker,
    line_item_usage_start_date: "2026-11-20T11:00:00.000Z",
    line_item_usage_end_date: "2026-11-20T12:00:00.000Z",
  }),
  line("EUW1-BoxUsage", "9", "9", { ...worker, line_item_product_code: "AmazonEC2" }),
  line("EUW1-Lambda-GB-Second-ARM", "9", "9", { ...worker, line_item_line_item_type: "Tax" }),
];

describe("against AWS's costs", () => {
  test.each([
    ["plain", Buffer.from(costText(rows))],
    ["gzip", gzipSync(costText(rows))],
  ])("%s: by resource, kind by kind; what is absent or new is told", async (_how, bytes) => {
    const lines = readCosts(sourceOf(bytes));
    const compared = await compareBill(billItems(used), lines, run, deployment);
    const told = Object.fromEntries(compared.rows.map((row) => [row.charge, row]));
    expect(told.compute!.chargedUsd).toBeCloseTo(0.0368543, 10);
    expect(told.compute!.amount).toBeCloseTo(2764.06, 6);
    // The same usage at the same price is the same money.
    expect(told.compute!.metered!.costUsd).toBeCloseTo(told.compute!.chargedUsd!, 6);
    expect(told["store writes"]!.chargedUsd).toBe(0.0022);
    expect(told["durable operations"]).toMatchObject({ chargedUsd: null });
    expect(told["tenant environments"]).toMatchObject({ chargedUsd: null });
    expect(told.storage).toMatchObject({ metered: null, chargedUsd: 0.00023 });
    expect(told.other).toMatchObject({ chargedUsd: 0.5, usageTypes: ["EUW1-Something-New"] });
    expect(compared).toMatchObject({ lines: 7, knownBy: "resource" });
    expect(compared.chargedUsd).toBeCloseTo(0.5396603, 10);
    expect(new Date(compared.fileMs!.end).toISOString()).toBe("2026-11-20T12:00:00.000Z");
  });

  test("by tag where no resources are named, by account where no tags are", async () => {
    const cost = (stage: string, usd: string) => ({
      ...line("Lambda-GB-Second-ARM", "1", usd),
      resource_tags: JSON.stringify({ "user_sst:app": "kofn", "user_sst:stage": stage }),
    });
    const text = (columns: readonly string[]) =>
      costText([cost("dev", "1"), cost("production", "2")], columns);
    const compare = (columns: readonly string[]) =>
      compareBill([], readCosts(sourceOf(text(columns))), run, deployment);
    const byTag = await compare(header.filter((name) => name !== "line_item_resource_id"));
    expect(byTag).toMatchObject({ knownBy: "tag", chargedUsd: 1, lines: 1 });
    const plain = header.filter((name) => !/resource/.test(name));
    expect(await compare(plain)).toMatchObject({ knownBy: "account", chargedUsd: 3, lines: 2 });
  });
});

describe("a file that is not of that form is refused with its record", () => {
  const without = (name: string) => header.filter((column) => column !== name);
  const first = rows[0]!;
  const cases: [string, string | Buffer, RegExp][] = [
    ["nothing in it", "", /not even a header/],
    [
      "a column missing",
      costText(rows, without("line_item_usage_type")),
      /no column line_item_usage_type$/,
    ],
    ["the older report", "lineItem/UsageType,lineItem/UnblendedCost\r\n", /older report/],
    [
      "a cost that is none",
      costText([{ ...first, line_item_unblended_cost: "1,0" }]),
      /record 2: line_item_unblended_cost is "1,0"/,
    ],
    [
      "no amount",
      costText([first, { ...first, line_item_usage_amount: "" }]),
      /record 3: line_item_usage_amount/,
    ],
    [
      "a time that is none",
      costText([{ ...first, line_item_usage_end_date: "soon" }]),
      /expected a time/,
    ],
    [
      "another currency",
      costText([{ ...first, line_item_currency_code: "CNY" }]),
      /currency is CNY/,
    ],
    ["tags that are no map", costText([{ ...first, resource_tags: "{user" }]), /expected JSON/],
    ["a record too short", `${costText([first])}1,2\r\n`, /record 3: 2 fields, the header has 14/],
    [
      "a quotation mark never closed",
      `${costText([first])}"${"x,".repeat(600_000)}`,
      /more than 1048576/,
    ],
    ["damaged gzip", gzipSync(costText(rows)).subarray(0, 200), /gzip/],
    ["not text", Buffer.from([0xff, 0xfe, 1, 2, 3, 4]), /./],
  ];
  test.each(cases)("%s", async (_what, content, message) => {
    await expect(all(readCosts(sourceOf(content, 4_096)))).rejects.toThrow(
      expect.objectContaining({ name: "RunError", message: expect.stringMatching(message) }),
    );
  });
});
