import { assert, RunError } from "../../core/errors.ts";
import { type KeyPair, newKeyPair, pairSecret, seal, unseal } from "./pair-keys.ts";
import { newSecret, secretBits } from "./secret-draws.ts";
import { join, type SecretShare, split } from "./shamir.ts";

/**
 * A sum of which nobody learns the parts (Bonawitz and others, 2017). Each party adds, modulo M, a
 * mask of its own and one for every other party, which that one subtracts. Of parties that drop out
 * the others give away the pair masks, of those that stay the own mask, never both of one party.
 * Against a reader of everything who follows the protocol, with fewer than `threshold` parties.
 */
export const modulus = 2 ** 48;

/** What all parties agree on. */
export interface Session {
  /** Never used twice: masks hang on it. */
  readonly name: string;
  readonly parties: number;
  /** How many must stay; more than half, or two halves could be asked for different things. */
  readonly threshold: number;
}

/** What one party knows and tells nobody. */
export interface Party {
  readonly index: number;
  readonly keys: KeyPair;
  readonly ownMask: Uint8Array;
  /** Who stayed, once it has answered for it: another answer would give a mask away. */
  answered: readonly number[] | null;
}

/** Two shares of one party's secrets, for one other party's eyes. */
export interface SealedShares {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** What a party that stayed tells about every party: a share of one of its two secrets. */
export interface Revealed {
  readonly of: number;
  readonly secret: "mask" | "keys";
  readonly share: SecretShare;
}

export function newParty(session: Session, index: number): Party {
  const { parties, threshold } = session;
  if (2 * threshold <= parties || threshold > parties)
    throw new RunError("bad-threshold", `a threshold of ${threshold} for ${parties} parties`, {
      hint: `choose more than half of them, at most all: ${Math.floor(parties / 2) + 1} or more`,
    });
  return { index, keys: newKeyPair(), ownMask: newSecret(), answered: null };
}

/** Shares of both secrets for every party, sealed: whoever passes them on learns nothing. */
export function sharesOf(
  session: Session,
  party: Party,
  publicKeys: readonly Uint8Array[],
): readonly SealedShares[] {
  const { threshold, parties } = session;
  const bits = secretBits(newSecret(), "shares");
  const mask = split(party.ownMask, { threshold, count: parties }, bits);
  const keys = split(party.keys.privateKey, { threshold, count: parties }, bits);
  return publicKeys.map((publicKey, to) => {
    const values = JSON.stringify([mask[to]!.value, keys[to]!.value].map(String));
    const secret = pairSecret(party.keys, publicKey, `${session.name}/shares`);
    return { from: party.index, to, bytes: seal(secret, new TextEncoder().encode(values)) };
  });
}

/** Whole numbers under masks: each is uniform modulo M to whoever knows fewer than `threshold`. */
export function masked(
  session: Session,
  party: Party,
  publicKeys: readonly Uint8Array[],
  values: Float64Array,
): Float64Array {
  const limit = modulus / 2 / session.parties;
  const out = values.map((value) => {
    if (Number.isInteger(value) && Math.abs(value) < limit) return (value + modulus) % modulus;
    throw new RunError("would-wrap", "a value is too large, or no whole number, for a secure sum", {
      hint: "clip values first, and choose a coarser grid",
    });
  });
  addMask(out, party.ownMask, session, 1);
  for (const [other, publicKey] of publicKeys.entries())
    if (other !== party.index) addPairMask(out, session, party, publicKey, other, 1);
  return out;
}

/** A party's answer to who stayed. Refuses a second, different one. */
export function reveal(
  session: Session,
  party: Party,
  publicKeys: readonly Uint8Array[],
  shares: readonly SealedShares[],
  stayed: readonly number[],
): readonly Revealed[] {
  const same = party.answered === null || party.answered.join() === stayed.join();
  if (!same || new Set(stayed).size < session.threshold)
    throw new RunError("no-second-answer", `secure sum ${session.name}: ${stayed.length} stayed`, {
      hint: "each party answers once, and for no fewer than the threshold; begin the sum anew",
    });
  party.answered = [...stayed];
  return shares
    .filter(({ to }) => to === party.index)
    .map(({ from, bytes }) => {
      const secret = pairSecret(party.keys, publicKeys[from]!, `${session.name}/shares`);
      const [mask, keys] = parseShares(unseal(secret, bytes));
      const at = party.index + 1;
      return stayed.includes(from)
        ? { of: from, secret: "mask", share: { at, value: mask } }
        : { of: from, secret: "keys", share: { at, value: keys } };
    });
}

/** The sum of the values of those that stayed, exactly, between -M/2 and M/2. */
export function unmaskedSum(
  session: Session,
  publicKeys: readonly Uint8Array[],
  stayed: ReadonlyMap<number, Float64Array>,
  revealed: readonly Revealed[],
): Float64Array {
  const [first] = stayed.values();
  assert(first !== undefined, "somebody stayed");
  const sum = new Float64Array(first.length);
  for (const values of stayed.values())
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i]! + values[i]!) % modulus;
  for (let of = 0; of < session.parties; of++) {
    const isHere = stayed.has(of);
    const secret = secretOf(session, revealed, of, isHere ? "mask" : "keys");
    if (isHere) {
      addMask(sum, secret, session, -1);
      continue;
    }
    const keys = { publicKey: publicKeys[of]!, privateKey: secret };
    const gone = { index: of, keys };
    // What the others added for the pair is what this party would have subtracted.
    for (const other of stayed.keys())
      addPairMask(sum, session, gone, publicKeys[other]!, other, 1);
  }
  return sum.map((value) => (value >= modulus / 2 ? value - modulus : value));
}

/** Each party's part of noise that is enough though `tolerated` of them drop out or collude. */
export function nodeSigma(sigma: number, parties: number, tolerated: number): number {
  assert(tolerated < parties, "somebody is left");
  return sigma / Math.sqrt(parties - tolerated);
}

function secretOf(
  session: Session,
  revealed: readonly Revealed[],
  of: number,
  secret: Revealed["secret"],
): Uint8Array {
  const shares = revealed.filter((one) => one.of === of && one.secret === secret);
  if (shares.length < session.threshold)
    throw new RunError("too-few-shares", `secure sum ${session.name}: ${shares.length} answered`, {
      hint: `it takes ${session.threshold}; begin the sum anew with those that are there`,
    });
  return join(
    shares.slice(0, session.threshold).map(({ share }) => share),
    32,
  );
}

/** The pair's mask: added by the party of the smaller index, subtracted by the other. */
function addPairMask(
  out: Float64Array,
  session: Session,
  party: Pick<Party, "index" | "keys">,
  publicKey: Uint8Array,
  other: number,
  sign: 1 | -1,
): void {
  const secret = pairSecret(party.keys, publicKey, `${session.name}/mask`);
  addMask(out, secret, session, party.index < other ? sign : (-sign as 1 | -1));
}

function addMask(out: Float64Array, secret: Uint8Array, session: Session, sign: 1 | -1): void {
  const bits = secretBits(secret, session.name);
  for (let i = 0; i < out.length; i++) {
    const mask = (bits.word() & 0xffff) * 2 ** 32 + bits.word();
    out[i] = (out[i]! + (sign === 1 ? mask : modulus - mask)) % modulus;
  }
}

function parseShares(bytes: Uint8Array): [bigint, bigint] {
  const [mask, keys] = JSON.parse(new TextDecoder().decode(bytes)) as [string, string];
  return [BigInt(mask), BigInt(keys)];
}
