import { registry } from "../core/registry.ts";
import { placed } from "./encode-option.ts";
import type { Encoding } from "./encoding.ts";
import { gaussian } from "./gaussian.ts";
import { gradientCode } from "./gradient-code.ts";
import { haar } from "./haar.ts";
import { hadamard } from "./hadamard.ts";
import { hadamardEtf } from "./hadamard-etf.ts";
import { paley } from "./paley.ts";
import { replication } from "./replication.ts";
import { steiner } from "./steiner.ts";
import { uncoded } from "./uncoded.ts";

export const encodings = registry<Encoding>(
  "encoding",
  [uncoded, replication, gradientCode, hadamard, hadamardEtf, paley, steiner, haar, gaussian].map(
    placed,
  ),
);
