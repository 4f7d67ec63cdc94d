const lengthMax = 4_096;

/**
 * Arrays to work in, short ones the same again for the same length: what is in them lasts until the
 * next call only, and is anything at first.
 */
export function scratchArray(): (length: number) => Float64Array<ArrayBuffer> {
  const kept: (Float64Array<ArrayBuffer> | undefined)[] = [];
  return (length) => {
    if (length > lengthMax) return new Float64Array(length);
    const found = kept[length];
    if (found !== undefined) return found;
    const made = new Float64Array(length);
    kept[length] = made;
    return made;
  };
}
