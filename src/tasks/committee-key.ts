import type { Slotted } from "../ports/compute.ts";
import { publicKeyBytes } from "../privacy/mechanisms/pair-keys.ts";
import { memberKeys } from "../privacy/mechanisms/secure-sum.ts";
import { workerRoles } from "../store-effects.ts";
import { nodeSecret } from "./node-secret.ts";
import type { TaskKind } from "./task-kind.ts";

/** What parties seal their shares for: a member's public key, for the whole run. */
export interface CommitteeKeyTask extends Slotted {
  readonly operation: "committee-key";
  /** Before the first. */
  readonly round: 0;
}

/** The public key of the slot's secret. */
export const committeeKey: TaskKind<CommitteeKeyTask, null, Uint8Array> = {
  load: async () => null,
  prepare: ({ store, run, slot }) => nodeSecret(store, run, slot),
  compute: (_problem, secret) => ({
    loss: 0,
    values: new Float64Array(0),
    payload: new Uint8Array(memberKeys(secret).publicKey),
  }),
  validate(_task, { payload }) {
    const length = payload?.length ?? 0;
    return length === publicKeyBytes ? null : `its reply has ${length} bytes, which are no key`;
  },
  size: { requestArrays: () => [], entries: () => 0 },
  effects: { roles: workerRoles, reads: ["encoded", "secrets"], writes: ["secrets"] },
};
