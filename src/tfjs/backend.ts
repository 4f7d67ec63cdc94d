import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { messageOf, RunError } from "../core/errors.ts";
import { completeWasm, registerPlainKernels } from "./kernels/complete-wasm.ts";
import { addTensorMethods } from "./tensor-methods.ts";

export const tensorBackendNames = ["auto", "node", "wasm", "cpu"] as const;

export type BackendChoice = (typeof tensorBackendNames)[number];

export interface OpenedBackend {
  readonly name: Exclude<BackendChoice, "auto">;
  /** Why it is this one. */
  readonly why: string;
}

/** Makes it compute again where another one was opened since. */
export function useBackend({ name }: OpenedBackend): void {
  const own = name === "node" ? "tensorflow" : name;
  // What was opened before is in place when the call returns.
  if (tf.getBackend() !== own) void tf.setBackend(own);
}

let opened: Promise<OpenedBackend> | null = null;
let openedFor: BackendChoice | null = null;

/** Makes TensorFlow.js compute on a backend: native where that loads, else WASM, else plain. */
export function openTensorBackend(choice: BackendChoice): Promise<OpenedBackend> {
  if (opened === null || openedFor !== choice) {
    openedFor = choice;
    opened = choose(choice);
    opened.catch(() => {
      opened = null;
    });
  }
  return opened;
}

async function choose(choice: BackendChoice): Promise<OpenedBackend> {
  // Layers call methods of tensors, and bring the gradients with them.
  await import("@tensorflow/tfjs-layers");
  addTensorMethods();
  // What it would say otherwise is an advertisement, on standard error.
  tf.enableProdMode();
  if (choice === "node") {
    const failure = await tryNative();
    if (failure !== null) throw unavailable(choice, failure);
    return { name: "node", why: "asked for" };
  }
  if (choice === "wasm") {
    const failure = await tryWasm();
    if (failure !== null) throw unavailable(choice, failure);
    return { name: "wasm", why: "asked for" };
  }
  if (choice === "cpu") {
    await usePlain();
    return { name: "cpu", why: "asked for" };
  }
  const native = await tryNative();
  if (native === null) return { name: "node", why: "@tensorflow/tfjs-node loads" };
  const wasm = await tryWasm();
  if (wasm === null) return { name: "wasm", why: native };
  await usePlain();
  return { name: "cpu", why: `${native}; ${wasm}` };
}

/** Null where it computes, else why not. Its name is not a literal, so that no bundle wants it. */
async function tryNative(): Promise<string | null> {
  const name = ["@tensorflow", "tfjs-node"].join("/");
  try {
    restoreRemovedChecks();
    await import(name);
    return (await tf.setBackend("tensorflow")) ? null : `${name} loads but computes nothing`;
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "";
    if (/MODULE_NOT_FOUND/.test(code)) return `${name} is not installed`;
    return `${name} does not load: ${messageOf(thrown).split("\n", 1)[0]}`;
  }
}

/** Two checks that Node 23 took out of `util` and that the native binding still calls. */
function restoreRemovedChecks(): void {
  const util = createRequire(import.meta.url)("node:util") as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

async function tryWasm(): Promise<string | null> {
  try {
    await import("@tensorflow/tfjs-backend-wasm");
    completeWasm();
    if (await tf.setBackend("wasm")) return null;
    return "the WASM backend does not start";
  } catch (thrown) {
    return `the WASM backend does not load: ${messageOf(thrown).split("\n", 1)[0]}`;
  }
}

async function usePlain(): Promise<void> {
  await import("@tensorflow/tfjs-backend-cpu");
  registerPlainKernels();
  await tf.setBackend("cpu");
}

function unavailable(choice: string, why: string): RunError {
  return new RunError("no-backend", `problem.backend: ${choice}: ${why}`, {
    hint: "leave problem.backend out, or install what is missing",
  });
}
