import { deflateRawSync, inflateRawSync } from "node:zlib";
import { RunError } from "../../core/errors.ts";
import { charsMapper } from "./chars-map.ts";
import { fieldsOf, type ProtobufField } from "./protobuf.ts";

/** A model of sentencepiece in BPE form: what its own program needs to cut a sentence. */
export interface SentencePieceVocabulary {
  readonly kind: "sentencePiece";
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  /** As the model numbers them: 1 normal, 2 unknown, 3 control, 4 user-defined, 6 byte. */
  readonly types: readonly number[];
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  readonly byteFallback: boolean;
  /** The model's table of characters to replace, deflated, in base64; empty for none. */
  readonly charsMap: string;
}

const pieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };
const bpe = 2;
const suffixField = 24;
const byteFallbackField = 35;
const space = "\u2581";

/** Reads a `.model` file. Throws `RunError` for what is none, or is of another kind than BPE. */
export function readSentencePiece(bytes: Uint8Array, name: string): SentencePieceVocabulary {
  const refuse = (what: string): never => {
    throw new RunError("bad-vocabulary", `${name}: ${what}`, {
      hint: "give the .model file that spm_train --model_type=bpe wrote",
    });
  };
  const model = fieldsOf(bytes) ?? refuse("it is no model of sentencepiece");
  const pieces = model.filter(({ number }) => number === 1).map((field) => pieceOf(field));
  const trainer = messageIn(model, 2);
  const normalizer = messageIn(model, 3);
  if (pieces.length === 0 || pieces.includes(null) || trainer === null || normalizer === null)
    return refuse("it is no model of sentencepiece");
  const sound = pieces as readonly VocabularyPiece[];
  const kind = numberIn(trainer, 3, 1);
  if (kind !== bpe) return refuse(`its model type is number ${kind}, expected ${bpe}: BPE`);
  if (numberIn(trainer, suffixField, 0) === 1)
    return refuse("it treats whitespace as a suffix, which is not supported");
  if (sound.some(({ type }) => type === pieceType.unused))
    return refuse("it has pieces marked as unused, which are not supported");
  const charsMap = normalizer.find(({ number }) => number === 2)?.bytes ?? new Uint8Array();
  return {
    kind: "sentencePiece",
    pieces: sound.map(({ text }) => text),
    scores: sound.map(({ score }) => score),
    types: sound.map(({ type }) => type),
    addDummyPrefix: numberIn(normalizer, 3, 1) === 1,
    removeExtraWhitespaces: numberIn(normalizer, 4, 1) === 1,
    escapeWhitespaces: numberIn(normalizer, 5, 1) === 1,
    byteFallback: numberIn(trainer, byteFallbackField, 0) === 1,
    charsMap: charsMap.length === 0 ? "" : deflateRawSync(charsMap).toString("base64"),
  };
}

interface VocabularyPiece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

function pieceOf({ bytes }: ProtobufField): VocabularyPiece | null {
  const fields = bytes === null ? null : fieldsOf(bytes);
  const text = fields?.find(({ number }) => number === 1)?.bytes;
  if (fields === null || text === null || text === undefined) return null;
  const score = fields.find(({ number }) => number === 2)?.bytes;
  const view = score && new DataView(score.buffer, score.byteOffset, score.byteLength);
  return {
    text: new TextDecoder().decode(text),
    score: view ? view.getFloat32(0, true) : 0,
    type: numberIn(fields, 3, pieceType.normal),
  };
}

function messageIn(fields: readonly ProtobufField[], number: number): ProtobufField[] | null {
  const bytes = fields.find((field) => field.number === number)?.bytes;
  return bytes === null || bytes === undefined ? null : fieldsOf(bytes);
}

function numberIn(fields: readonly ProtobufField[], number: number, usual: number): number {
  return fields.find((field) => field.number === number)?.value ?? usual;
}

/** Cuts sentences as `spm_encode` does, and joins pieces as `spm_decode`. */
export function sentencePieceCodec(vocabulary: SentencePieceVocabulary) {
  const { pieces, types, byteFallback } = vocabulary;
  const normalize = normalizerOf(vocabulary);
  const cutText = cutterOf(vocabulary);
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const encoder = new TextEncoder();
  const knownId = (piece: string): number | null => {
    const id = ids.get(piece);
    return id === undefined || types[id] === pieceType.unknown ? null : id;
  };
  return {
    labels: pieces,
    encode(sentence: string): (number | null)[] {
      const tokens: (number | null)[] = [];
      for (const piece of cutText(normalize(sentence))) {
        const id = knownId(piece);
        if (id !== null) tokens.push(id);
        else if (byteFallback)
          for (const byte of encoder.encode(piece)) tokens.push(knownId(bytePiece(byte)));
        // A run of unknown pieces is one.
        else if (tokens.length === 0 || tokens.at(-1) !== null) tokens.push(null);
      }
      return tokens;
    },
    decode: (ids: readonly (number | null)[]) => joined(vocabulary, ids),
  };
}

function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

function normalizerOf({
  charsMap,
  addDummyPrefix,
  removeExtraWhitespaces,
  escapeWhitespaces,
}: SentencePieceVocabulary): (sentence: string) => string {
  const replaced =
    charsMap === ""
      ? (text: string) => text
      : charsMapper(inflateRawSync(Buffer.from(charsMap, "base64")));
  return (sentence) => {
    let text = replaced(sentence);
    if (removeExtraWhitespaces) text = text.replace(/^ +| +$/g, "").replace(/ {2,}/g, " ");
    if (text === "") return "";
    if (addDummyPrefix) text = ` ${text}`;
    return escapeWhitespaces ? text.replaceAll(" ", space) : text;
  };
}

/** Neighbours whose union has the highest score become one, the leftmost of several first. */
function cutterOf({ pieces, scores, types }: SentencePieceVocabulary) {
  const scoreOf = new Map<string, number>();
  const whole: string[] = [];
  for (const [id, piece] of pieces.entries()) {
    if (types[id] === pieceType.normal || types[id] === pieceType.userDefined)
      scoreOf.set(piece, scores[id]!);
    if (types[id] === pieceType.userDefined) whole.push(piece);
  }
  whole.sort((a, b) => b.length - a.length);
  return (text: string): string[] => {
    const symbols: { text: string; fixed: boolean }[] = [];
    for (let at = 0; at < text.length; ) {
      const own = whole.find((piece) => text.startsWith(piece, at));
      const next = own ?? String.fromCodePoint(text.codePointAt(at)!);
      symbols.push({ text: next, fixed: own !== undefined });
      at += next.length;
    }
    for (;;) {
      let best = -1;
      let highest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const [left, right] = [symbols[i]!, symbols[i + 1]!];
        if (left.fixed || right.fixed) continue;
        const score = scoreOf.get(left.text + right.text);
        if (score === undefined || score <= highest) continue;
        highest = score;
        best = i;
      }
      if (best < 0) return symbols.map((symbol) => symbol.text);
      const [left, right] = [symbols[best]!, symbols[best + 1]!];
      symbols.splice(best, 2, { text: left.text + right.text, fixed: false });
    }
  };
}

function joined(
  { pieces, types, addDummyPrefix, removeExtraWhitespaces }: SentencePieceVocabulary,
  ids: readonly (number | null)[],
): string {
  let text = "";
  let bytes: number[] = [];
  const flush = () => {
    text += new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    bytes = [];
  };
  for (const id of ids) {
    if (id !== null && types[id] === pieceType.byte) {
      bytes.push(Number.parseInt(pieces[id]!.slice(1, -1), 16));
      continue;
    }
    if (bytes.length > 0) flush();
    if (id === null) text += unknownText;
    else if (types[id] !== pieceType.control) text += pieces[id]!.replaceAll(space, " ");
  }
  if (bytes.length > 0) flush();
  return addDummyPrefix || removeExtraWhitespaces ? text.replace(/^ /, "") : text;
}

/** As sentencepiece writes what is unknown. */
const unknownText = " \u2047 ";
