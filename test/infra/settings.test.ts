import { describe, expect, test } from "vitest";
import { settingsFrom, settingsOf } from "../../infra/settings.ts";

describe("settings in the environment", () => {
  test("nothing is set, and nothing is reserved", () => {
    expect(settingsFrom({})).toEqual({});
    expect(settingsOf({}).concurrency).toBeUndefined();
  });

  test("a predictor, data buckets, and variables for reporters, by names", () => {
    const given = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://a.example", MLFLOW_TRACKING_URI: "" };
    expect(settingsFrom({ ...given, KOFN_PREDICT: "prices" })).toEqual({ predict: "prices" });
    expect(
      settingsFrom({ ...given, KOFN_REPORT_TO: "OTEL_EXPORTER_OTLP_ENDPOINT" }).reportTo,
    ).toEqual({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://a.example" });
    expect(() => settingsFrom({ ...given, KOFN_REPORT_TO: "MLFLOW_TRACKING_URI" })).toThrow(
      /^KOFN_REPORT_TO: .*that is set/,
    );
    expect(() => settingsFrom({ KOFN_REPORT_TO: "PATH", PATH: "a" })).toThrow(/OTEL_EXPORTER/);
    expect(() => settingsFrom({ KOFN_PREDICT: "a/*" })).toThrow(/^KOFN_PREDICT: got a\/\*/);
    const buckets = { KOFN_DATA_BUCKETS: "measurements/2026, other-rows" };
    expect(settingsFrom(buckets)).toEqual({ dataBuckets: ["measurements/2026", "other-rows"] });
    for (const wrong of ["a", "rows/*", "s3://rows", "rows/", "Rows"])
      expect(() => settingsFrom({ KOFN_DATA_BUCKETS: wrong })).toThrow(/^KOFN_DATA_BUCKETS: got /);
    expect(() => settingsOf({ dataBuckets: ["*"] })).toThrow(/^dataBuckets: /);
    expect(() => settingsOf({ predict: "*" })).toThrow(/^predict: /);
  });

  test("what is set is taken over; a mail address may be empty, as in a workflow", () => {
    const given = { KOFN_CONCURRENCY: "20", KOFN_BUDGET_USD: "7.5", KOFN_BUDGET_EMAIL: "a@b.org" };
    const settings = { concurrency: 20, monthlyUsd: 7.5, alarmEmail: "a@b.org" };
    // No day may spend more than a month, where nothing else is said.
    expect([settingsOf(settings).dailyUsd, settingsOf({}).dailyUsd]).toEqual([7.5, 50]);
    expect(settingsFrom({ KOFN_DAILY_USD: "2" })).toEqual({ dailyUsd: 2 });
    expect(settingsOf({ ...settings, dailyUsd: 2 }).dailyUsd).toBe(2);
    expect(settingsFrom(given)).toEqual(settings);
    expect(settingsFrom({ KOFN_BUDGET_EMAIL: "" })).toEqual({});
  });

  test.each(["", "0", "-1", "1.5", "1e3", " 5", "0x10", "many", "NaN", "10000000000"])(
    "KOFN_CONCURRENCY: %j is refused with the remedy",
    (text) => {
      expect(() => settingsFrom({ KOFN_CONCURRENCY: text })).toThrow(
        /^KOFN_CONCURRENCY: .*expected a whole number of at least 1; leave it out to reserve/,
      );
    },
  );

  test("members: a name that none can have is refused", () => {
    expect(settingsOf({ members: ["mine"] }).members).toEqual(["mine"]);
    expect(() => settingsOf({ members: ["mine", "Not mine"] })).toThrow(
      /^members: got Not mine, expected the name of a member/,
    );
  });

  test.each(["", "0", "0.00", "-5", "50 USD", "1,000", "Infinity"])(
    "KOFN_BUDGET_USD: %j is refused with the remedy",
    (text) => {
      expect(() => settingsFrom({ KOFN_BUDGET_USD: text })).toThrow(
        /^KOFN_BUDGET_USD: .*expected a number above 0/,
      );
    },
  );

  test("an app of one's own is refused the same", () => {
    expect(() => settingsFrom({ KOFN_BUDGET_OF: "tag" })).toThrow(/^KOFN_BUDGET_OF: got tag/);
    for (const concurrency of [0, -1, 1.5, Number.NaN])
      expect(() => settingsOf({ concurrency })).toThrow(/^concurrency: .*at least 1/);
    expect(() => settingsOf({ dailyUsd: 0 })).toThrow(/^dailyUsd: .*dollars a day/);
    expect(() => settingsFrom({ KOFN_DAILY_USD: "0" })).toThrow(/^KOFN_DAILY_USD: got 0/);
    for (const monthlyUsd of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => settingsOf({ monthlyUsd })).toThrow(/^monthlyUsd: .*above 0/);
  });
});
