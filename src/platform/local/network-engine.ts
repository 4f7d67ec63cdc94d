import { messageOf } from "../../core/errors.ts";
import { networkBackendHere } from "../../problems/network/engines.ts";

/** What computes networks on this machine, and why that; "none" where nothing is installed. */
export async function networkBackend(): Promise<{ readonly name: string; readonly why: string }> {
  try {
    return await networkBackendHere();
  } catch (thrown) {
    return { name: "none", why: `TensorFlow.js does not load: ${messageOf(thrown)}` };
  }
}
