import type { Rehearsal } from "../../emulator/runtime/rehearsal.ts";
import { keepLoaded } from "../../emulator/runtime/snapshot.ts";
import { createWorkerFunction } from "../cloud/worker-function.ts";

/** Put in its place by the build. */
declare const rehearsal: Rehearsal;

/** The worker as deployed, for a startup snapshot: what its bundle loads, and does first. */
void keepLoaded(
  () => createWorkerFunction({ bucket: process.env.KOFN_BUCKET ?? "kofn" }),
  rehearsal,
);
