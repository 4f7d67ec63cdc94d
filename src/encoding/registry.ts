import { registry } from "../core/registry.ts";
import type { Encoding } from "./encoding.ts";
import { hadamard } from "./hadamard.ts";
import { replication } from "./replication.ts";
import { uncoded } from "./uncoded.ts";

export const encodings = registry<Encoding>("encoding", [uncoded, replication, hadamard]);
