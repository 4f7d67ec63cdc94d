import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { buildPage } from "../src/report/page-bundle.ts";
import { buildFunctions } from "./build-functions.ts";
import { buildInfra } from "./build-infra.ts";
import { buildKernels } from "./build-kernels.ts";

/**
 * Makes `dist`: the library and command line as JavaScript, the functions' bundles, the
 * infrastructure for others' apps, the page.
 */
const tsc = "node_modules/typescript/bin/tsc";
rmSync("dist", { recursive: true, force: true });
await buildKernels();
execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
await buildFunctions("dist/functions-bundled");
await buildInfra("dist/infra");
buildPage("dist/src/report");
if (existsSync("dist/src/cli/main.js")) chmodSync("dist/src/cli/main.js", 0o755);
