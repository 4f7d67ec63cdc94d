import { createHash } from "node:crypto";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = resolve(import.meta.dirname, "../src/math/kernels");
/** Not that of TypeScript, whose compiler and linters would take them for their own. */
const sourceEnding = ".as";
const target = `${folder}/binary.ts`;

/** No relaxed operations: the same bits on every machine. */
const options = [
  ...["-O3", "--noAssert", "--converge", "--runtime", "stub", "--use", "abort="],
  ...["--importMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
  ...["--enable", "simd", "--memoryBase", "1024"],
];

/**
 * By their constants, where they begin. Of most the memory is shared, so that threads can work on
 * one shard; what it takes in and gives out goes quicker where it is not. What works on tensors
 * alone is a module of its own, which only those who compute networks bundle.
 */
const modules = {
  binary: { entry: "main.ts", more: ["--sharedMemory", "--enable", "threads"] },
  unshared: { entry: "unshared.ts", more: [] },
  tensors: { entry: "tensors.ts", more: [] },
} as const;

/** Compiles the kernels into a module of TypeScript, unless it is of these very sources already. */
export async function buildKernels(): Promise<void> {
  const digest = digestOfSources();
  if (existsSync(target) && readFileSync(target, "utf8").includes(digest)) return;
  const texts: string[] = [];
  for (const [name, { entry, more }] of Object.entries(modules))
    texts.push(constantText(name, await compile(entry, more)));
  const head = "// Made by scripts/build-kernels.ts of src/math/kernels/wasm. Sources:";
  writeFileSync(target, `${head}\n// ${digest}\n${texts.join("")}`);
}

function digestOfSources(): string {
  const digest = createHash("sha256");
  for (const name of globSync(`wasm/*${sourceEnding}`, { cwd: folder }).sort())
    digest.update(name).update(readFileSync(`${folder}/${name}`));
  return digest
    .update(JSON.stringify([options, modules]))
    .update(readFileSync(import.meta.filename))
    .digest("hex");
}

/** The compiler is large: it is loaded where there is something to compile. */
async function compile(entry: string, more: readonly string[]): Promise<Uint8Array> {
  const { main } = await import("assemblyscript/asc");
  const work = mkdtempSync(join(tmpdir(), "kofn-kernels-"));
  try {
    const { error, stderr } = await main(
      [entry, ...options, ...more, "--outFile", "kernels.wasm"],
      {
        readFile: (name) => read(name),
        writeFile: (name, contents) => writeFileSync(join(work, name), contents),
        listFiles: () => [],
      },
    );
    if (error !== null) throw new Error(`the kernels do not compile:\n${stderr}`, { cause: error });
    return readFileSync(join(work, "kernels.wasm"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function read(name: string): string | null {
  const path = `${folder}/wasm/${name.replace(/\.ts$/, sourceEnding)}`;
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

function constantText(name: string, wasm: Uint8Array): string {
  const lines =
    Buffer.from(wasm)
      .toString("base64")
      .match(/.{1,99}/g) ?? [];
  return [`export const ${name}: string = \``, ...lines, "`;", ""].join("\n");
}

if (import.meta.main) await buildKernels();
