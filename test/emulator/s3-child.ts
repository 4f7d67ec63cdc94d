import { listen } from "./s3-listener.ts";

// A process of its own for tests to kill: serves the folder named on its command line.
const { port } = await listen({ root: process.argv[2]! });
process.stdout.write(`${port}\n`);
