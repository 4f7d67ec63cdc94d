import { RunError } from "../core/errors.ts";
import { nearest } from "../core/text.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { coefficients } from "./coefficients.ts";
import { hubFiles, type ModelOrigin } from "./hub.ts";
import { layersModelFiles } from "./layers-model.ts";
import { npyOf } from "./numpy.ts";
import { safetensorsOf } from "./safetensors-file.ts";
import type { ModelFiles } from "./write-files.ts";

export interface ExportFormat {
  readonly name: string;
  readonly summary: string;
  /** The default path: a file, or a folder for several files. */
  defaultPath(run: string): string;
  files(model: TrainedModel, about: ModelOrigin): ModelFiles | Promise<ModelFiles>;
}

/** Everything `kofn export` can write. */
export const exportFormats: readonly ExportFormat[] = [
  {
    name: "safetensors",
    summary: "tensors by layer, with all that predicting raw rows needs in the metadata",
    defaultPath: (run) => `${run}.safetensors`,
    files: (model) => [{ name: "", bytes: safetensorsOf(model) }],
  },
  {
    name: "onnx",
    summary: "a graph that takes raw rows, for ONNX Runtime in Node, browsers and elsewhere",
    defaultPath: (run) => `${run}.onnx`,
    async files(model) {
      const { onnxOf } = await import("./onnx/onnx.ts");
      return [{ name: "", bytes: onnxOf(model) }];
    },
  },
  {
    name: "hub",
    summary: "a folder as model hubs want it: model.safetensors, config.json and a model card",
    defaultPath: (run) => `${run}-hub`,
    files: hubFiles,
  },
  {
    name: "tfjs",
    summary: "a TensorFlow.js layers model that standardises numbers itself",
    defaultPath: (run) => `${run}-tfjs`,
    files: layersModelFiles,
  },
  {
    name: "npy",
    summary: "coefficients in the data's own units, as a NumPy array; a row a class",
    defaultPath: (run) => `${run}.npy`,
    files: (model) => [{ name: "", bytes: npyOf(model) }],
  },
  {
    name: "json",
    summary: "coefficients by feature, as trained and in the data's own units",
    defaultPath: (run) => `${run}.json`,
    files: (model) => [{ name: "", bytes: jsonBytes(coefficients(model)) }],
  },
];

/** Throws `RunError` for a name that no format has. */
export function formatNamed(name: string): ExportFormat {
  const format = exportFormats.find((one) => one.name === name);
  if (format !== undefined) return format;
  const names = exportFormats.map((one) => one.name);
  throw new RunError("unknown-format", `--format: there is no format "${name}"`, {
    hint: `${nearest(name, names)}choose one of ${names.join(", ")}`,
  });
}

function jsonBytes(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
