import type { ChunkCode } from "../../encoding/encoding.ts";
import type { Encoded, RawRows, StoredPart } from "../manifests.ts";
import { type EncodeJob, streamOf } from "./encode-rows.ts";

/**
 * What each slot would store and which data rows it would be made of, without touching the data:
 * codes depend on nothing but the numbers of rows and slots and the seed.
 */
export function workerEncodingOf(job: EncodeJob): Encoded["slots"] {
  const { prepared, encoding, workers, random, onRows } = job;
  const needs = Array.from({ length: workers }, () => new Needs());
  const size = encoding.chunkRows(workers);
  const partOf = partFinder(prepared.train);
  for (let from = 0, index = 0; from < prepared.rows; from += size, index++) {
    const rows = Math.min(size, prepared.rows - from);
    const code = encoding.chunk(index, rows, workers, streamOf(random, index));
    const parts = Uint32Array.from({ length: rows }, (_, row) => partOf(from + row));
    for (const [slot, own] of ownRows(code, workers).entries())
      if (own.length > 0) needs[slot]!.add(code, own, rows, parts);
    onRows(from + rows);
  }
  const bytes = prepared.train.reduce((sum, part) => sum + part.bytes, 0);
  const entriesPerRow = bytes / Float32Array.BYTES_PER_ELEMENT / prepared.rows;
  const isUnformed = prepared.preparation.sparse && encoding.mixes;
  return needs.map((need) => {
    const entries = entriesPerRow * (isUnformed ? need.rows : need.stored);
    return {
      rows: need.stored,
      parts: [],
      raw: need.told(Math.round(entries + (isUnformed ? need.factors : 0))),
    };
  });
}

/** The stored rows of a chunk that go to each slot. */
export function ownRows({ slots }: ChunkCode, workers: number): number[][] {
  const own: number[][] = Array.from({ length: workers }, () => []);
  for (const [stored, slot] of slots.entries()) own[slot]!.push(stored);
  return own;
}

/** One slot's part of a code. */
export interface RowShare {
  readonly encoded: Encoded;
  readonly chunkRows: number;
  /** A chunk's code and which of its stored rows are the slot's. */
  code(index: number, rows: number): { readonly code: ChunkCode; readonly own: readonly number[] };
}

/** Of one slot, chunk by chunk. */
class Needs {
  stored = 0;
  rows = 0;
  factors = 0;
  private readonly parts = new Set<number>();

  add(code: ChunkCode, own: readonly number[], rows: number, parts: Uint32Array): void {
    this.stored += own.length;
    if (code.kind === "copies") this.need(new Set(own.map((j) => code.source[j]!)), parts);
    else if (code.sources === undefined) {
      this.factors += own.length * rows;
      this.need(parts.keys(), parts);
    } else {
      const sources = own.flatMap((j) => [...code.sources!(j)]);
      this.factors += sources.length;
      this.need(new Set(sources), parts);
    }
  }

  private need(rows: Iterable<number>, parts: Uint32Array): void {
    for (const row of rows) {
      this.rows++;
      this.parts.add(parts[row]!);
    }
  }

  told(entries: number): RawRows {
    return { rows: this.rows, parts: [...this.parts].sort((a, b) => a - b), entries };
  }
}

function partFinder(parts: readonly StoredPart[]): (row: number) => number {
  let number = 0;
  let end = parts[0]?.rows ?? 0;
  return (row) => {
    while (row >= end) end += parts[++number]!.rows;
    return number;
  };
}
