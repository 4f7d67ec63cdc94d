import { existsSync, readdirSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { pathToFileURL } from "node:url";

/** `npm run bench -- NAME [arguments]`: a bench is `bench/NAME/run.ts`. */
const folder = import.meta.dirname;
const names = readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/run.ts`));
const [name] = process.argv.splice(2, 1);
if (name === undefined || !names.includes(name)) {
  console.error(`which bench? npm run bench -- ${names.join(" | ")}`);
  process.exit(2);
}
const processor = cpus()[0]?.model ?? "unknown processor";
console.log(`${name}: Node ${process.version}, ${availableParallelism()} cores, ${processor}`);
await import(pathToFileURL(`${folder}/${name}/run.ts`).href);
