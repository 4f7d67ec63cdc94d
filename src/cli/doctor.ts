import { existsSync } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { availableParallelism, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { exitCodes } from "../core/error-codes/error-codes.ts";
import { messageOf, RunError } from "../core/errors.ts";
import { emulatedBackend } from "../platform/local/emulated.ts";
import { claimHome } from "../platform/local/home-claim.ts";
import { bundleFolder } from "../platform/local/paths.ts";
import { type StageFinding, stageFindings } from "../platform/training/stage-findings.ts";
import { networkBackendHere } from "../problems/network/engines.ts";
import { formatBytes, formatMs } from "../report/format.ts";
import type { Declare } from "./command.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

/** One check. */
type Finding = StageFinding;

const nodeMin = [22, 18] as const;
const memoryBytesMin = 1e9;
const diskBytesMin = 1e9;

export const declareDoctor: Declare = (command, invoke) => {
  command
    .option("--stage <name>", "a deployed stage and its account instead: limits, what to ask for")
    .option("--json", "JSON lines on standard output, the result last")
    .action((options) => invoke((terminal) => doctor(options, terminal)));
};

/**
 * `kofn doctor`: checks what works here, or in a deployed stage, and names a remedy for what does
 * not.
 */
export async function doctor(
  options: { readonly json?: boolean; readonly stage?: string },
  terminal: Terminal,
): Promise<number> {
  const checks = [
    node,
    machine,
    worker,
    orchestrator,
    networks,
    () => home(terminal.home),
    () => disk(terminal.home),
    emulator,
  ];
  const speak = say(terminal, options);
  let works = true;
  const findings = options.stage === undefined ? local(checks) : await stageFindings(options.stage);
  for await (const finding of findings) {
    works &&= finding.works;
    const mark = finding.works ? terminal.paint.green("ok  ") : terminal.paint.red("mend");
    speak(`${mark}  ${finding.what}: ${finding.found}`);
    if (!finding.works) speak(`      ${finding.remedy}`);
    if (options.json === true) printJson(terminal, { type: "finding", ...finding });
  }
  if (options.json === true) printJson(terminal, { type: "result", works });
  return works ? 0 : exitCodes.unfinished;
}

async function* local(checks: readonly Check[]): AsyncGenerator<Finding> {
  for (const check of checks) yield await attempt(check);
}

type Check = () => Finding | Promise<Finding>;

async function attempt(check: Check): Promise<Finding> {
  try {
    return await check();
  } catch (thrown) {
    const remedy = (thrown instanceof RunError && thrown.hint) || "see the message";
    return { what: check.name || "this", works: false, found: messageOf(thrown), remedy };
  }
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const works = major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1]);
  const remedy = `install Node ${nodeMin.join(".")} or newer`;
  return { what: "Node", works, found: process.versions.node, remedy: works ? "" : remedy };
}

function machine(): Finding {
  const works = totalmem() >= memoryBytesMin;
  const memory = `${formatBytes(freemem())} of ${formatBytes(totalmem())} memory free`;
  return {
    what: "machine",
    works,
    found: `${availableParallelism()} cores, ${memory}`,
    remedy: works ? "" : "emulated workers take about 50 MB each: use fewer, or --backend threads",
  };
}

async function worker(): Promise<Finding> {
  return { what: "worker", works: true, found: await bundleFolder("worker"), remedy: "" };
}

async function orchestrator(): Promise<Finding> {
  const folder = await bundleFolder("orchestrator");
  return { what: "orchestrator", works: true, found: folder, remedy: "" };
}

/** Which engine would compute networks here; without one everything else still works. */
async function networks(): Promise<Finding> {
  const { name, why } = await networkBackend();
  const reason = why === "" ? "" : ` (${why})`;
  return { what: "networks", works: true, found: `${name}${reason}`, remedy: "" };
}

async function home(path: string): Promise<Finding> {
  const claim = await claimHome(path);
  const isNew = !existsSync(join(path, "s3"));
  if (isNew) await claim.abandon();
  return { what: "home", works: true, found: `${path} can be written`, remedy: "" };
}

async function disk(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(existsSync(path) ? path : ".");
  const works = bavail * bsize >= diskBytesMin;
  const remedy = "make room, or set KOFN_HOME to a folder on another disk";
  const space = `${formatBytes(bavail * bsize)} free`;
  return { what: "disk", works, found: space, remedy: works ? "" : remedy };
}

/** In a separate home, so that it works while a run is going on. */
async function emulator(): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-doctor-"));
  try {
    const fromMs = performance.now();
    const spec = { weather: { model: "calm" }, seed: 1, workers: 1 };
    const backend = await emulatedBackend({ home: folder, spec });
    const startedMs = performance.now();
    try {
      await backend.store.write("doctor", Uint8Array.of(1));
      const read = await backend.store.read("doctor");
      const works = read?.[0] === 1;
      const tripMs = performance.now() - startedMs;
      const started = `starts in ${formatMs(startedMs - fromMs)}`;
      const answer = `${started}, writing and reading takes ${formatMs(tripMs)}`;
      const remedy = "what was written did not come back: see KOFN_DEBUG=1";
      return { what: "emulator", works, found: answer, remedy: works ? "" : remedy };
    } finally {
      await backend.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Which engine computes networks on this machine, and why; "none" where none is installed. */
export async function networkBackend(): Promise<{ readonly name: string; readonly why: string }> {
  try {
    return await networkBackendHere();
  } catch (thrown) {
    return { name: "none", why: `TensorFlow.js does not load: ${messageOf(thrown)}` };
  }
}
