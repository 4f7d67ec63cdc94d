/** A row of text: so many tokens, and the one that comes next. */
export interface TokenWindow {
  readonly tokens: readonly number[];
  readonly target: number;
}

/** Windows of `length` tokens, `stride` apart; only those whose next token is there. */
export async function* windowsOf(
  tokens: AsyncIterable<readonly number[]>,
  { length, stride = length }: { readonly length: number; readonly stride?: number | undefined },
): AsyncGenerator<TokenWindow> {
  let held: number[] = [];
  let skip = 0;
  for await (const some of tokens) {
    for (const token of some) held.push(token);
    let from = skip;
    for (; from + length < held.length; from += stride)
      yield { tokens: held.slice(from, from + length), target: held[from + length]! };
    const done = Math.min(from, held.length);
    held = held.slice(done);
    skip = from - done;
  }
}
