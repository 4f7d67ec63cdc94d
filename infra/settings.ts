import { dataBucketNames, predictorNames } from "../src/limits.ts";

/** What an app decides; everything else comes from src/limits.ts. */
export interface Settings {
  /** In front of every resource's name, for an app that has others. */
  readonly prefix: string;
  /** The folder of the built functions, from the folder of sst.config.ts. */
  readonly bundles: string;
  /**
   * Reserved for the worker. Where it is absent, nothing is: the functions share what the account
   * leaves unreserved, and no account is too small for that.
   */
  readonly concurrency?: number | undefined;
  /** Dollars a month at which everything is stopped. */
  readonly monthlyUsd: number;
  /**
   * Dollars a day that all runs of the stage share, by what kofn itself meters; where it is absent,
   * as many as `monthlyUsd`: no day may spend more than a month.
   */
  readonly dailyUsd: number;
  /** Told when four fifths of that are forecast. */
  readonly alarmEmail?: string | undefined;
  /**
   * Whose spending counts: the account's for the services that kofn uses, or, by a tag that was
   * activated in the billing console, this app's alone.
   */
  readonly budgetOf: "account" | "app";
  /**
   * Names of members that a program registers and that the worker and the orchestrator in `bundles`
   * register as well: runs of the stage may name these. kofn's own bundles know none.
   */
  readonly members?: readonly string[] | undefined;
  /**
   * Buckets, or folders in them (`measurements/2026`), whose data the stage reads and prepares by
   * itself; without any, the machine that starts a run reads all of its data.
   */
  readonly dataBuckets?: readonly string[] | undefined;
  /** The published model that a predictor answers with; without one there is no predictor. */
  readonly predict?: string | undefined;
  /**
   * Variables of the orchestrator that say where runs are told to others (`report`), such as
   * OTEL_EXPORTER_OTLP_ENDPOINT. Whoever may read the function's configuration sees them.
   */
  readonly reportTo?: Readonly<Record<string, string>> | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const usual: Omit<Settings, "dailyUsd"> = {
  prefix: "",
  bundles: "dist/functions-bundled",
  monthlyUsd: 50,
  budgetOf: "account",
};

/** An app's settings, with what it leaves out. Throws where one of them cannot be meant. */
export function settingsOf(given: Partial<Settings>): Settings {
  const { monthlyUsd: dailyUsd } = { ...usual, ...given };
  const settings = { ...usual, dailyUsd, ...given };
  const { concurrency, monthlyUsd } = settings;
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1))
    throw refusal("concurrency", concurrency, reservable);
  if (!(Number.isFinite(monthlyUsd) && monthlyUsd > 0))
    throw refusal("monthlyUsd", monthlyUsd, dollars);
  if (!(Number.isFinite(settings.dailyUsd) && settings.dailyUsd > 0))
    throw refusal("dailyUsd", settings.dailyUsd, dollarsOfDay);
  if (settings.budgetOf !== "account" && settings.budgetOf !== "app")
    throw refusal("budgetOf", settings.budgetOf, whose);
  if (settings.predict !== undefined && !predictorNames.test(settings.predict))
    throw refusal("predict", settings.predict, publishedName);
  for (const name of settings.dataBuckets ?? [])
    if (!dataBucketNames.test(name)) throw refusal("dataBuckets", name, dataBucket);
  for (const name of settings.members ?? [])
    if (!memberNames.test(name)) throw refusal("members", name, memberName);
  return settings;
}

/** The settings that environment variables hold. Throws naming the variable and the remedy. */
export function settingsFrom(environment: Environment): Partial<Settings> {
  const { KOFN_CONCURRENCY, KOFN_BUDGET_USD, KOFN_BUDGET_EMAIL, KOFN_BUDGET_OF } = environment;
  const { KOFN_DAILY_USD, KOFN_PREDICT, KOFN_DATA_BUCKETS } = environment;
  const budgetOf = KOFN_BUDGET_OF as Settings["budgetOf"] | undefined;
  if (budgetOf !== undefined && budgetOf !== "account" && budgetOf !== "app")
    throw refusal("KOFN_BUDGET_OF", budgetOf, whose);
  if (KOFN_PREDICT && !predictorNames.test(KOFN_PREDICT))
    throw refusal("KOFN_PREDICT", KOFN_PREDICT, publishedName);
  const dataBuckets = namesIn(KOFN_DATA_BUCKETS);
  for (const name of dataBuckets)
    if (!dataBucketNames.test(name)) throw refusal("KOFN_DATA_BUCKETS", name, dataBucket);
  const reportTo = handedOn(environment);
  return {
    ...given("concurrency", "KOFN_CONCURRENCY", KOFN_CONCURRENCY, /^[1-9]\d{0,8}$/, reservable),
    ...given("monthlyUsd", "KOFN_BUDGET_USD", KOFN_BUDGET_USD, positiveNumber, dollars),
    ...given("dailyUsd", "KOFN_DAILY_USD", KOFN_DAILY_USD, positiveNumber, dollarsOfDay),
    ...(budgetOf === undefined ? {} : { budgetOf }),
    // A workflow hands a variable on that nobody has set as an empty one: then no mail is sent.
    ...(KOFN_BUDGET_EMAIL ? { alarmEmail: KOFN_BUDGET_EMAIL } : {}),
    ...(dataBuckets.length === 0 ? {} : { dataBuckets }),
    ...(KOFN_PREDICT ? { predict: KOFN_PREDICT } : {}),
    ...(Object.keys(reportTo).length === 0 ? {} : { reportTo }),
  };
}

const positiveNumber = /^(?=.*[1-9])\d{1,9}(\.\d{1,9})?$/;
const reservable = "a whole number of at least 1; leave it out to reserve nothing";
const dollars = "a number above 0: dollars a month; leave it out for 50";
const dollarsOfDay = "a number above 0: dollars a day; leave it out for KOFN_BUDGET_USD's";
const whose = "account or app; leave it out for account";
const publishedName = "the name that kofn export --publish took: small letters, digits, hyphens";

const dataBucket = "a bucket's name, or with a folder in it: measurements, measurements/2026";

const memberNames = /^[a-z][a-z0-9-]*$/;
const memberName = "the name of a member as it is registered: small letters, digits, hyphens";

/** What reporters read, as OpenTelemetry and MLflow name it. */
const reportNames = /^(OTEL_EXPORTER_OTLP_\w+|OTEL_RESOURCE_ATTRIBUTES|MLFLOW_\w+)$/;
const reporterVariables = "names of OTEL_EXPORTER_OTLP_... and MLFLOW_... variables, by commas";

/** The variables that KOFN_REPORT_TO names, with their values in the deploying process. */
function handedOn(environment: Environment): Record<string, string> {
  const pairs = namesIn(environment.KOFN_REPORT_TO).map((name) => {
    const value = environment[name];
    if (!reportNames.test(name)) throw refusal("KOFN_REPORT_TO", name, reporterVariables);
    if (!value) throw refusal("KOFN_REPORT_TO", name, "the name of a variable that is set");
    return [name, value] as const;
  });
  return Object.fromEntries(pairs);
}

function namesIn(text = ""): string[] {
  const names = text.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}

function given(
  name: "concurrency" | "monthlyUsd" | "dailyUsd",
  variable: string,
  text: string | undefined,
  pattern: RegExp,
  expected: string,
): Partial<Settings> {
  if (text === undefined) return {};
  if (!pattern.test(text)) throw refusal(variable, text, expected);
  return { [name]: Number(text) };
}

function refusal(what: string, value: unknown, expected: string): Error {
  const shown = value === "" ? "it is empty" : `got ${String(value)}`;
  return new Error(`${what}: ${shown}, expected ${expected}`);
}
