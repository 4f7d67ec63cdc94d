/**
 * sentencepiece's table of characters to replace: a trie over UTF-8 bytes as a double array
 * (Darts), and the replacements one after another, each ended by a zero. At every place the
 * longest entry counts; what has none stays.
 */
export function charsMapper(table: Uint8Array): (text: string) => string {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const trieBytes = view.getUint32(0, true);
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) =>
    view.getUint32(4 + 4 * i, true),
  );
  const replacements = table.subarray(4 + trieBytes);
  return (text) => {
    const bytes = new TextEncoder().encode(text);
    const output: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      const entry = longestEntry(units, bytes, at);
      if (entry === null) {
        const end = at + characterBytes(bytes[at]!);
        while (at < end) output.push(bytes[at++]!);
        continue;
      }
      for (let i = entry.value; replacements[i] !== 0; i++) output.push(replacements[i]!);
      at += entry.length;
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(output));
  };
}

function characterBytes(first: number): number {
  if (first < 0x80) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

function longestEntry(
  units: Uint32Array,
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly length: number } | null {
  let longest: { value: number; length: number } | null = null;
  let node = offsetOf(units[0]!);
  for (let at = from; at < bytes.length; at++) {
    node ^= bytes[at]!;
    const unit = units[node];
    // A unit's label is the byte that leads to it.
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== bytes[at]!) break;
    node ^= offsetOf(unit);
    if ((unit & 0x100) !== 0) longest = { value: units[node]! & 0x7fffffff, length: at - from + 1 };
  }
  return longest;
}

function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}
