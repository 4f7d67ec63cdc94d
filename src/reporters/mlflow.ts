import { RunError } from "../core/errors.ts";
import { asMapping } from "../core/json.ts";
import type { RunEvent } from "../ports/events.ts";
import type { ReportedRun, Reporter } from "./reporter.ts";

/*
 * https://mlflow.org/docs/latest/api_reference/rest-api.html: runs/log-batch takes 1,000 metrics
 * and 100 parameters at once, a parameter's value 6,000 characters.
 */
const metricsMax = 1_000;
const parametersMax = 100;
const valueMax = 6_000;
/** For each request: a server that does not answer ends the telling, not the run. */
const requestMsMax = 5_000;

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/**
 * A run of an MLflow server, by its REST interface: the spec as parameters, objective, gradient and
 * metrics a round, the model as an artifact. `MLFLOW_TRACKING_URI` says where, as MLflow's own
 * clients read it; `MLFLOW_EXPERIMENT_NAME`, `MLFLOW_TRACKING_TOKEN`, or `..._USERNAME` and
 * `..._PASSWORD` are taken as well. A run that is told again goes on under its tag.
 */
export async function mlflowReporter(about: ReportedRun): Promise<Reporter> {
  const server = serverOf(process.env);
  const { run, startedAt, spec, backend } = about;
  const metrics: Metric[] = [];
  let ending: Extract<RunEvent, { type: "stopped" }> | null = null;
  let lastMs = 0;
  const add = (values: Readonly<Record<string, number>>, atMs: number, step: number) => {
    const timestamp = startedAt.getTime() + Math.round(atMs);
    for (const [key, value] of Object.entries(values))
      if (Number.isFinite(value)) metrics.push({ key, value, timestamp, step });
  };
  return {
    take(event) {
      if (event.type !== "result") lastMs = Math.max(lastMs, event.atMs);
      if (event.type === "round")
        add(
          { objective: event.objectiveEstimate, gradient_norm: event.gradientNorm },
          event.atMs,
          event.round,
        );
      if (event.type === "evaluated") {
        const { train, test, atMs, round } = event;
        add({ ...prefixed("train", train), ...prefixed("test", test) }, atMs, round);
      }
      if (event.type === "stopped") ending = event;
      if (event.type === "result") {
        const { objective, seconds, dollars, rounds } = event;
        add({ final_objective: objective, seconds, dollars, rounds }, lastMs, rounds);
      }
    },
    async close(goesOn = false) {
      const experiment = await server.experiment();
      const id = await server.run(experiment, run, startedAt);
      const parameters = Object.entries(flat(spec)).map(([key, value]) => ({ key, value }));
      for (let at = 0; at < parameters.length; at += parametersMax)
        await server.log(id, { params: parameters.slice(at, at + parametersMax) });
      for (let at = 0; at < metrics.length; at += metricsMax)
        await server.log(id, { metrics: metrics.slice(at, at + metricsMax) });
      await server.log(id, { tags: [{ key: "kofn.backend", value: backend }] });
      if (goesOn) return void (await server.call("runs/update", { run_id: id, status: "RUNNING" }));
      const model = await about.model();
      if (model !== null) await server.artifact(id, "model.safetensors", model);
      const isSound = ending?.kind === "done" || ending?.kind === "budget";
      const status = ending === null ? "RUNNING" : isSound ? "FINISHED" : "KILLED";
      const end_time = startedAt.getTime() + Math.round(lastMs);
      await server.call("runs/update", { run_id: id, status, end_time });
    },
  };
}

function serverOf(environment: NodeJS.ProcessEnv) {
  const address = environment.MLFLOW_TRACKING_URI;
  if (address === undefined || !/^https?:/.test(address))
    throw new RunError("bad-reporter", "MLFLOW_TRACKING_URI names no server", {
      hint: "set it as MLflow's clients read it, such as http://127.0.0.1:5000",
    });
  const base = address.replace(/\/$/, "");
  const headers = { ...authorization(environment), "content-type": "application/json" };
  const send = async (method: string, path: string, body?: string | Uint8Array) => {
    const signal = AbortSignal.timeout(requestMsMax);
    const options = { method, headers, signal, ...(body === undefined ? {} : { body }) };
    const answer = await fetch(`${base}/api/2.0/${path}`, options as RequestInit);
    const text = await answer.text();
    return { status: answer.status, text };
  };
  const call = async (path: string, request: object): Promise<Record<string, unknown>> => {
    const { status, text } = await send("POST", `mlflow/${path}`, JSON.stringify(request));
    if (status === 200) return (asMapping(JSON.parse(text)) ?? {}) as Record<string, unknown>;
    throw new RunError(
      "bad-reporter",
      `${base} answers ${status} to ${path}: ${text.slice(0, 200)}`,
    );
  };
  return {
    call,
    async experiment(): Promise<string> {
      const name = environment.MLFLOW_EXPERIMENT_NAME ?? "kofn";
      const path = `mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`;
      const { status, text } = await send("GET", path);
      if (status === 200) return String(JSON.parse(text).experiment.experiment_id);
      return String((await call("experiments/create", { name })).experiment_id);
    },
    async run(experiment: string, name: string, startedAt: Date): Promise<string> {
      const filter = `tags.kofn_run = '${name}'`;
      const found = await call("runs/search", { experiment_ids: [experiment], filter });
      const [before] = (found.runs ?? []) as { info: { run_id: string } }[];
      if (before !== undefined) return before.info.run_id;
      const made = await call("runs/create", {
        experiment_id: experiment,
        run_name: name,
        start_time: startedAt.getTime(),
        tags: [{ key: "kofn_run", value: name }],
      });
      return (made.run as { info: { run_id: string } }).info.run_id;
    },
    log: (run_id: string, what: object) => call("runs/log-batch", { run_id, ...what }),
    async artifact(id: string, name: string, bytes: Uint8Array): Promise<void> {
      const { status, text } = await send("GET", `mlflow/runs/get?run_id=${id}`);
      const place = status === 200 ? String(JSON.parse(text).run.info.artifact_uri) : "";
      const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.+)$/.exec(place)?.[1];
      // Others are stores of the server's own, which its clients write to by themselves.
      if (proxied === undefined) return;
      await send("PUT", `mlflow-artifacts/artifacts/${proxied}/${name}`, bytes);
    },
  };
}

function authorization(environment: NodeJS.ProcessEnv): Record<string, string> {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user } = environment;
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (user === undefined) return {};
  const pair = `${user}:${environment.MLFLOW_TRACKING_PASSWORD ?? ""}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, value]),
  );
}

/** `stop.rounds`: "50", of nested settings; names as MLflow takes them. */
function flat(spec: object, path = ""): Record<string, string> {
  return Object.fromEntries(
    Object.entries(spec).flatMap(([key, value]) => {
      const name = `${path}${key}`;
      if (asMapping(value) !== undefined) return Object.entries(flat(value as object, `${name}.`));
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return text === undefined ? [] : [[name, text.slice(0, valueMax)]];
    }),
  );
}
