/**
 * Seeded randomness that hangs on labels: the same seed and label give the same numbers wherever
 * and whenever they are drawn, so a retried task repeats its bits. Not for secrets.
 */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal (Box-Muller, one half discarded so that a draw never depends on parity). */
  normal(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** A uniformly random permutation of 0..length-1 (Fisher-Yates). */
  permutation(length: number): Uint32Array;
  /** An independent stream; forking neither draws from this one nor depends on its position. */
  fork(label: string): Random;
}

/** Labels that begin alike come one after another here as well. */
let roots: Children | null = null;

export function randomFrom(seed: number | string): Random {
  const label = String(seed);
  lanes.set(basis);
  roots ??= new Children();
  roots.hash(label);
  return new Stream(label.length);
}

/** A simulation forks millions of streams for a draw or two each: nothing is made in advance. */
class Stream implements Random {
  private readonly length: number;
  // The label's hash; signed words stay integers where unsigned ones may become floats.
  private readonly a = lanes[0]!;
  private readonly b = lanes[1]!;
  private readonly c = lanes[2]!;
  private readonly d = lanes[3]!;
  // xoshiro's state, from the first draw on.
  private s0 = 0;
  private s1 = 0;
  private s2 = 0;
  private s3 = 0;
  private forks = 0;
  private children: Children | null = null;

  /** The stream of the label whose hash is in `lanes`. */
  constructor(length: number) {
    this.length = length;
  }

  uniform(): number {
    return ((this.next32() >>> 5) * 67108864 + (this.next32() >>> 6)) / 9007199254740992;
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  permutation(length: number): Uint32Array {
    const order = new Uint32Array(length);
    for (let i = 0; i < length; i++) {
      const j = this.integer(i + 1);
      order[i] = order[j]!;
      order[j] = i;
    }
    return order;
  }

  fork(child: string): Random {
    lanes[0] = this.a;
    lanes[1] = this.b;
    lanes[2] = this.c;
    lanes[3] = this.d;
    hash("/", 0);
    if (this.forks >= forksAlone) {
      this.children ??= new Children();
      this.children.hash(child);
    } else {
      this.forks++;
      hash(child, 0);
    }
    return new Stream(this.length + 1 + child.length);
  }

  /** xoshiro128** by Blackman and Vigna (2018), 32-bit outputs. */
  private next32(): number {
    // From the first draw on they are never 0 all at once.
    if ((this.s0 | this.s1 | this.s2 | this.s3) === 0) this.seed();
    const { s1 } = this;
    const s2 = this.s2 ^ this.s0;
    const s3 = this.s3 ^ s1;
    this.s1 = s1 ^ s2;
    this.s0 ^= s3;
    this.s2 = s2 ^ (s1 << 9);
    this.s3 = rotateLeft(s3, 11);
    return Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9);
  }

  private seed(): void {
    this.s0 = finished(this.a, this.length, 0);
    this.s1 = finished(this.b, this.length, 1);
    this.s2 = finished(this.c, this.length, 2);
    this.s3 = finished(this.d, this.length, 3);
    if ((this.s0 | this.s1 | this.s2 | this.s3) === 0) this.s0 = 1;
  }
}

/** The hash that is being made: four lanes of MurmurHash3's mixing. */
const lanes = new Int32Array(4);
const basis = Int32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667);

/** Mixes the text's UTF-16 units from `from` on into the lanes. */
function hash(text: string, from: number): void {
  let a = lanes[0]!;
  let b = lanes[1]!;
  let c = lanes[2]!;
  let d = lanes[3]!;
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = mixed(a, unit);
    b = mixed(b, unit + 0x1000193);
    c = mixed(c, unit + 2 * 0x1000193);
    d = mixed(d, unit + 3 * 0x1000193);
  }
  lanes[0] = a;
  lanes[1] = b;
  lanes[2] = c;
  lanes[3] = d;
}

function mixed(lane: number, unit: number): number {
  const word = Math.imul(rotateLeft(Math.imul(unit, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotateLeft(lane ^ word, 13), 5) + 0xe6546b64) | 0;
}

function finished(lane: number, length: number, index: number): number {
  let word = lane ^ length ^ Math.imul(index, 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/**
 * Hashes the labels of a stream's forks one after another. Those of neighbouring tasks begin
 * alike, so each goes on from where it parts from the one before.
 */
class Children {
  /** The first units of the label before, and how many they are. */
  private readonly units = new Uint16Array(knownMax);
  private length = 0;
  /** The lanes before each of them, and after the last. */
  private readonly known = new Int32Array(4 * (knownMax + 1));
  private isEmpty = true;

  hash(child: string): void {
    const { units, known } = this;
    const end = Math.min(child.length, knownMax);
    const shared = Math.min(this.length, end);
    let at = 0;
    if (this.isEmpty) known.set(lanes);
    else while (at < shared && units[at] === child.charCodeAt(at)) at++;
    let a = known[4 * at]!;
    let b = known[4 * at + 1]!;
    let c = known[4 * at + 2]!;
    let d = known[4 * at + 3]!;
    while (at < end) {
      const unit = child.charCodeAt(at);
      units[at++] = unit;
      a = mixed(a, unit);
      b = mixed(b, unit + 0x1000193);
      c = mixed(c, unit + 2 * 0x1000193);
      d = mixed(d, unit + 3 * 0x1000193);
      known[4 * at] = a;
      known[4 * at + 1] = b;
      known[4 * at + 2] = c;
      known[4 * at + 3] = d;
    }
    this.length = end;
    this.isEmpty = false;
    lanes[0] = a;
    lanes[1] = b;
    lanes[2] = c;
    lanes[3] = d;
    hash(child, at);
  }
}

/** A stream's first forks are hashed as they are: most have few, and memory would take longer. */
const forksAlone = 8;
/** Longer labels than any task's are hashed from here on as if they were new. */
const knownMax = 96;
