import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { packed } from "../test/infra/tarball.ts";
import { type Customer, customersCsv, someCustomers } from "./conformance/customers.ts";

const root = join(import.meta.dirname, "..");
const commandsMax = 6;
const secondsMax = 300;

/** A place as a newcomer has it, and the commands that README gives for it. */
interface Way {
  readonly name: string;
  readonly place: string;
  readonly commands: readonly string[];
}

/**
 * What README promises a newcomer: a table of one's own to a prediction over HTTP, by its commands
 * to the letter, from an empty folder with the packed tarball and from a clone of the last commit.
 * Times each command. Returns whether all work, in at most six commands and five minutes each way;
 * `package` or `clone` as an argument takes one way alone.
 */
export async function conformanceNewcomer(): Promise<boolean> {
  const only = process.argv[3];
  const folder = mkdtempSync(join(tmpdir(), "kofn-newcomer-"));
  try {
    const ways = { package: packageWay, clone: cloneWay };
    let passed = true;
    for (const [name, way] of Object.entries(ways))
      if (only === undefined || name === only) passed = (await gone(await way(folder))) && passed;
    return passed;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** An empty folder; the package is the one that would be published. */
async function packageWay(folder: string): Promise<Way> {
  const { tarball } = await packed(folder);
  const place = join(folder, "empty");
  mkdirSync(place);
  const [install, ...commands] = shellBlock("With your own table");
  return { name: "package", place, commands: [install!.replace(/kofn$/, tarball), ...commands] };
}

async function cloneWay(folder: string): Promise<Way> {
  const place = join(folder, "clone");
  const [install] = shellBlock("Set up a clone")[0]!.split(" && ");
  const [, ...commands] = shellBlock("With your own table");
  const clone = `git clone --quiet ${root} ${place}`;
  return { name: "clone", place, commands: [clone, install!, ...commands] };
}

/** The commands of the first block below a heading of README. */
function shellBlock(heading: string): string[] {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, section = ""] = readme.split(`\n## ${heading}\n`);
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
  return block
    .trim()
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, ""));
}

async function gone({ name, place, commands }: Way): Promise<boolean> {
  const customers = someCustomers(600);
  const [known, fresh] = [customers.slice(0, 500), customers.slice(500)];
  let seconds = 0;
  let isRight = true;
  console.log(`\n${name}`);
  const step = (told: Told) => {
    seconds += told.seconds;
    isRight &&= told.isRight;
    const took = `${told.seconds.toFixed(1).padStart(6)} s`;
    console.log(`${told.isRight ? "ok  " : "FAIL"}  ${took}  ${told.command}`);
    if (!told.isRight) console.log(told.output);
  };
  for (const command of commands) {
    const cwd = command.startsWith("git ") ? dirname(place) : place;
    if (command.includes(" run ")) {
      writeFileSync(join(place, "customers.csv"), customersCsv(known));
      writeFileSync(join(place, "new.csv"), customersCsv(fresh, ["churned"]));
    }
    if (command.includes(" serve ")) for (const told of await served(command, place)) step(told);
    else step(await called(command, cwd));
  }
  const share = rightShare(place, fresh);
  const many = commands.length + 1;
  console.log(
    `${many} commands, ${seconds.toFixed(1)} s in all (bounds: ${commandsMax}, ${secondsMax} s); ` +
      `${(100 * share).toFixed(0)} % of ${fresh.length} new rows right`,
  );
  return isRight && share > 0.75 && many <= commandsMax && seconds <= secondsMax;
}

interface Told {
  readonly command: string;
  readonly seconds: number;
  readonly isRight: boolean;
  readonly output: string;
}

/** As a shell of somebody who knows nothing of this repository has it. */
function surroundings(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|KOFN_|INIT_CWD)/.test(name));
  const paths = (process.env.PATH ?? "").split(delimiter);
  const foreign = paths.filter((path) => !path.endsWith(join("node_modules", ".bin")));
  const PATH = [dirname(process.execPath), ...foreign].join(delimiter);
  return { ...Object.fromEntries(own), PATH, NO_COLOR: "1" };
}

function shell(command: string, cwd: string) {
  const options = { cwd, env: surroundings(), detached: true };
  const child = spawn("/bin/sh", ["-c", command], options);
  const said = { text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said.text += chunk.toString();
    });
  const ended = new Promise<number>((resolve) => {
    child.once("close", (code) => resolve(code ?? -1));
  });
  return { child, said, ended };
}

async function called(command: string, cwd: string): Promise<Told> {
  const from = performance.now();
  const { said, ended } = shell(command, cwd);
  const isRight = (await ended) === 0;
  return { command, seconds: (performance.now() - from) / 1000, isRight, output: said.text };
}

/** A server until it answers, and the line of curl that it says to try. */
async function served(command: string, cwd: string): Promise<Told[]> {
  const from = performance.now();
  const { child, said, ended } = shell(command, cwd);
  const isUp = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", () => /^try: curl .*\n/m.test(said.text) && resolve());
  });
  await Promise.race([isUp, ended]);
  const line = /^try: (curl .*)$/m.exec(said.text)?.[1];
  const seconds = (performance.now() - from) / 1000;
  const up: Told = { command, seconds, isRight: line !== undefined, output: said.text };
  const asked = line === undefined ? [] : [await called(line, cwd)];
  // The server alone is in its group.
  if (child.exitCode === null) process.kill(-child.pid!, "SIGINT");
  await ended;
  const isAnswer = ({ output }: Told) => /"predictions":\[\{.*"class":"(yes|no)"/.test(output);
  return [up, ...asked.map((told) => ({ ...told, isRight: told.isRight && isAnswer(told) }))];
}

/** The share of rows whose class was told: `out.csv` has them in their order. */
function rightShare(place: string, truth: readonly Customer[]): number {
  const [head = "", ...lines] = readFileSync(join(place, "out.csv"), "utf8").trim().split("\n");
  const at = head.split(",").indexOf("class");
  const right = lines.filter((line, i) => line.split(",")[at] === truth[i]!.churned);
  return lines.length === truth.length ? right.length / truth.length : 0;
}
