/** Longer ones are cut, so that nothing grows with the text. */
const pieceCharactersMax = 64;

/**
 * Cuts a text into what byte pairs are learned within: a word with the blank before it, or a run
 * of blanks. Joined they are the text again; chunks may end anywhere.
 */
export async function* textPieces(text: AsyncIterable<string>): AsyncGenerator<string> {
  let carry = "";
  for await (const chunk of text) {
    const whole = carry + chunk;
    let end = 0;
    for (const { 0: piece, index } of whole.matchAll(pattern)) {
      // The last piece may go on in the next chunk.
      if (index + piece.length + pieceCharactersMax > whole.length) break;
      yield piece;
      end = index + piece.length;
    }
    carry = whole.slice(end);
  }
  for (const [piece] of carry.matchAll(pattern)) yield piece;
}

const pattern = new RegExp(
  `\\s?\\S{1,${pieceCharactersMax - 1}}|\\s{1,${pieceCharactersMax}}`,
  "gu",
);
