import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Report {
  readonly numTotalTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs one of the conformance tests elsewhere; prints how many hold and which do not. */
export async function runChecks(file: string, variables: NodeJS.ProcessEnv): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-checks-"));
  const path = join(folder, "report.json");
  const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs");
  const child = spawn(
    process.execPath,
    [vitest, "run", file, "--reporter=json", `--outputFile=${path}`],
    { env: { ...process.env, ...variables }, stdio: ["ignore", "ignore", "ignore"] },
  );
  await new Promise((resolve, reject) => child.once("exit", resolve).once("error", reject));
  const report = JSON.parse(await readFile(path, "utf8")) as Report;
  await rm(folder, { recursive: true, force: true });
  console.log(`${file}: ${report.numPassedTests} of ${report.numTotalTests}`);
  if (report.numTotalTests === 0) console.log(`  nothing was run: see npx vitest run ${file}`);
  for (const { assertionResults } of report.testResults)
    for (const { fullName, status } of assertionResults)
      if (status !== "passed") console.log(`  ${status}: ${fullName}`);
  return report.numTotalTests > 0 && report.numPassedTests === report.numTotalTests;
}
