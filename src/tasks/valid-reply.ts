import { isFiniteVector } from "../math/vector.ts";
import type { WorkerReply } from "./task-kind.ts";

/** What is wrong with numbers that a fault, or a step too long, has made infinite or NaN. */
export const noNumbers = "its reply holds numbers that are none";

/** Why a reply of so many numbers is as good as lost: its length, or numbers that are none. */
export function invalidVector({ values }: WorkerReply, length: number): string | null {
  if (values.length !== length) return `its reply has ${values.length} numbers, not ${length}`;
  return isFiniteVector(values) ? null : noNumbers;
}

/** The same of a reply whose loss counts too. */
export function invalidSums(reply: WorkerReply, length: number): string | null {
  return invalidVector(reply, length) ?? (Number.isFinite(reply.loss) ? null : noNumbers);
}
