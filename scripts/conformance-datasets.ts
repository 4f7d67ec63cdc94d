import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { installedPackages } from "./conformance-install.ts";

const requirements = ["scikit-learn==1.9.1", "pandas==3.1.1"];
const shipping = [
  ...["plotly==7.1.0", "mlxtend==0.25.0", "palmerpenguins==0.1.6", "river==0.26.1"],
  ...["lifelines==0.30.3", "statsmodels==0.15.0", "vega_datasets==0.9.0"],
];
const script = join(import.meta.dirname, "conformance/datasets.py");
const main = join(import.meta.dirname, "../dist/src/cli/main.js");
/** How far a metric on the same test rows may be from scikit-learn's. */
const apartMax = 0.002;

/** A data file that a package ships. */
interface DataSet {
  readonly name: string;
  readonly package: string;
  readonly licence: string;
  readonly target: string;
}

interface Written {
  readonly problem: { readonly type: string };
  readonly data: { readonly drop?: readonly string[] };
}

type Metrics = Readonly<Record<string, number>>;

/**
 * Data sets that ship inside packages, each taken as a person would: `kofn init`, `kofn run`,
 * `kofn predict`, nothing edited; its metrics on the test rows against those of scikit-learn,
 * fitted to the same rows by the same objective. KOFN_PEERS_PYTHON names a Python that has all
 * packages.
 */
export async function conformanceDatasets(): Promise<boolean> {
  const python =
    process.env.KOFN_PEERS_PYTHON ??
    installedPackages("data sets of packages", requirements, shipping);
  if (python === null) return true;
  const folder = mkdtempSync(join(tmpdir(), "kofn-datasets-"));
  const only = process.argv.slice(3);
  try {
    const found = ["import sysconfig; print(sysconfig.get_path('platlib'))"];
    const site = execFileSync(python, ["-c", ...found])
      .toString()
      .trim();
    const told = execFileSync(python, [script, "split", site, folder]).toString();
    const sets = told
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text) as DataSet);
    console.log(
      line("data set", "package", "licence", "problem", "metric", "kofn", "scikit-learn"),
    );
    let wrong = 0;
    for (const set of sets)
      if ((only.length === 0 || only.includes(set.name)) && !holds(python, folder, set)) wrong++;
    console.log(wrong === 0 ? "all agree" : `${wrong} differ`);
    return wrong === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function holds(python: string, folder: string, set: DataSet): boolean {
  const { name, target } = set;
  const [train, test] = [`${name}.train.csv`, `${name}.test.csv`];
  const backend = ["--backend", "simulated"];
  kofn(folder, "init", train, "--target", target, "--set", `data.test=${test}`);
  const written = parse(readFileSync(join(folder, `${name}.train.yaml`), "utf8")) as Written;
  const ran = kofn(folder, "run", `${name}.train.yaml`, ...backend, "--json", "--name", name);
  const result = JSON.parse(ran.out.trim().split("\n").at(-1)!) as {
    metrics: { test: Metrics };
  };
  const predicted = kofn(folder, "predict", name, test, "--output", `${name}.predictions.csv`);
  const rows = readFileSync(join(folder, `${name}.predictions.csv`), "utf8")
    .trim()
    .split("\n");
  const said = /against ([\d,]+) known targets/.exec(predicted.err)?.[1]?.replaceAll(",", "");
  const [problem, drop] = [written.problem.type, written.data.drop ?? []];
  const hasNames = !/^column\d+$/.test(target);
  const asked = { train: join(folder, train), test: join(folder, test), hasNames, target };
  const input = JSON.stringify({ ...asked, problem, drop, l2: 0.001 });
  const theirs = JSON.parse(
    execFileSync(python, ["-W", "ignore", script, "fit"], { input }).toString(),
  ) as Metrics;
  let isNear = Number(said) === rows.length - 1;
  if (!isNear) console.log(`  ${name}: ${rows.length - 1} predictions, ${said} compared`);
  for (const [metric, value] of Object.entries(theirs)) {
    const own = result.metrics.test[metric] ?? Number.NaN;
    const isRight = Math.abs(own - value) <= apartMax;
    const shown = [own, value].map((one) => one.toFixed(4));
    const end = isRight ? "" : "differs";
    console.log(line(name, set.package, set.licence, problem, metric, shown[0]!, shown[1]!, end));
    isNear &&= isRight;
  }
  return isNear;
}

function kofn(cwd: string, ...args: string[]) {
  const env = { ...process.env, KOFN_HOME: join(cwd, "home") };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd,
    env,
    maxBuffer: 2 ** 30,
  });
  const [out, err] = [stdout.toString(), stderr.toString()];
  if (status !== 0) throw new Error(`kofn ${args.join(" ")}: exit ${status}\n${err}`);
  return { out, err };
}

function line(...columns: string[]): string {
  return columns
    .map((text) => text.padEnd(15))
    .join("")
    .trimEnd();
}
