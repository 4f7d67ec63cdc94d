import { type Matrix, matrixRoom, transposed } from "../math/kernels/matrices.ts";
import { clipFactor } from "../math/vector.ts";
import { batchRows, type RowBatch } from "./batches.ts";
import type { DenseChain } from "./dense-chain.ts";
import { addOuter, addSquares, type Link } from "./dense-clipped.ts";
import type { OutputLoss, Trainer } from "./trainer-contract.ts";

/**
 * A chain of dense layers in kofn's own kernels: three products a layer, no tensor objects, the
 * weights as they come. What it computes is what TensorFlow.js computes, up to rounding.
 */
export function denseTrainer(chain: DenseChain, stock: Trainer, lossOf: OutputLoss): Trainer {
  const room = placed(chain, stock.weightsLength);
  const { floats, links, input, weightsAt, multiply } = room;
  const { width } = stock;
  const last = links.at(-1)!;

  const forward = ({ count, values }: RowBatch): Float32Array => {
    floats.set(values, input.at);
    let before = input;
    for (const link of links) {
      multiply(before, link.weights, link.out, count, link.inputs, link.units);
      activate(room, link, count);
      before = link.out;
    }
    return floats.slice(last.out.at, last.out.at + count * width);
  };

  const backward = (count: number, slopes: Float32Array, visit: Visit) =>
    visitBackwards(room, count, slopes, visit);

  return {
    weightsLength: stock.weightsLength,
    width,
    sliced: null,
    initial: (random) => stock.initial(random),
    set: (weights) => floats.set(weights, weightsAt),
    outputs: forward,
    // Layers with a penalty are in no chain.
    penalty: () => 0,
    addGradient(part, gradient) {
      const { count } = part;
      const outputs = forward(part);
      const slopes = new Float32Array(outputs.length);
      const loss = lossOf(outputs, part.targets, part.values, slopes, part.rowWeights);
      backward(count, slopes, (link, seen) => {
        formGradient(room, link, seen, count);
        addLink(floats, link, count, gradient);
      });
      return loss;
    },
    addClipped(part, clip, clipped) {
      const { count } = part;
      const outputs = forward(part);
      const slopes = new Float32Array(outputs.length);
      lossOf(outputs, part.targets, part.values, slopes);
      const squares = new Float64Array(count);
      backward(count, slopes, (link, seen) => addSquares(floats, link, seen, squares));
      const terms = links.reduce((sum, { inputs, units }) => sum + inputs + units, 0);
      const factors = squares.map((one) => clipFactor(Math.sqrt(one), terms, clip));
      for (const [l, link] of links.entries())
        addOuter(floats, link, links[l - 1]?.out ?? input, factors, clipped);
    },
  };
}

/** Behind a unit that was not above zero its slopes are zeros. */
function formGradient(
  { multiply, multiplyRectified }: Placed,
  { inputs, units, slopes, gradient, activation }: Link,
  seen: Matrix,
  count: number,
): void {
  if (activation === "relu") multiplyRectified(seen, slopes, gradient, inputs, count, units);
  else multiply(transposed(seen), slopes, gradient, inputs, count, units);
}

/** A layer whose slopes are known, and what came into it. */
type Visit = (link: Link, seen: Matrix) => void;

/** From the last layer to the first: the slopes in what went into a layer, then `visit` it. */
function visitBackwards(room: Placed, count: number, slopes: Float32Array, visit: Visit): void {
  const { floats, links, input, multiply } = room;
  floats.set(slopes, links.at(-1)!.slopes.at);
  for (let l = links.length - 1; l >= 0; l--) {
    const link = links[l]!;
    const before = links[l - 1];
    throughActivation(room, link, count);
    visit(link, before?.out ?? input);
    if (before === undefined) continue;
    const back = transposed(link.weights);
    multiply(link.slopes, back, before.slopes, count, link.units, link.inputs);
  }
}

type Placed = ReturnType<typeof placed>;

function placed(chain: DenseChain, weightsLength: number) {
  const inputs = chain[0]!.inputs;
  const each = chain.map((link) => (2 * batchRows + link.inputs) * link.units);
  const length = each.reduce((a, b) => a + b, batchRows * inputs + weightsLength);
  const { take, ...room } = matrixRoom(length);
  const input = { at: take(batchRows * inputs), rowStride: inputs, columnStride: 1 };
  const weightsAt = take(weightsLength);
  let from = 0;
  const links = chain.map((link): Link => {
    const matrix = (rows: number) => ({
      at: take(rows * link.units),
      rowStride: link.units,
      columnStride: 1,
    });
    const at = weightsAt + from;
    const weights = { at, rowStride: link.units, columnStride: 1 };
    const placed = {
      ...link,
      weights,
      biasAt: at + link.inputs * link.units,
      out: matrix(batchRows),
      slopes: matrix(batchRows),
      gradient: matrix(link.inputs),
      from,
    };
    from += (link.inputs + (link.hasBias ? 1 : 0)) * link.units;
    return placed;
  });
  return { ...room, input, weightsAt, links };
}

/** Adds the bias and applies the activation, in place. */
function activate({ floats, addBias }: Placed, link: Link, count: number): void {
  const { out, units, hasBias, biasAt, activation } = link;
  addBias(out, count, units, hasBias ? biasAt : null, activation === "relu");
  const end = out.at + count * units;
  if (activation === "tanh") for (let i = out.at; i < end; i++) floats[i] = Math.tanh(floats[i]!);
  else if (activation === "sigmoid")
    for (let i = out.at; i < end; i++) floats[i] = 1 / (1 + Math.exp(-floats[i]!));
}

/** Slopes in what came out become slopes in what went into the activation. */
function throughActivation({ floats, stopSlopes }: Placed, link: Link, count: number): void {
  const { out, slopes, units, activation } = link;
  const length = count * units;
  if (activation === "relu") stopSlopes(out, slopes, length);
  if (activation === "relu" || activation === "linear") return;
  for (let i = 0; i < length; i++) {
    const value = floats[out.at + i]!;
    floats[slopes.at + i]! *= activation === "tanh" ? 1 - value * value : value * (1 - value);
  }
}

/** Adds a layer's gradient to the flat one. */
function addLink(floats: Float32Array, link: Link, count: number, out: Float64Array): void {
  const { gradient, slopes, inputs, units, from, hasBias } = link;
  addFloats(out, from, floats.subarray(gradient.at, gradient.at + inputs * units));
  if (!hasBias) return;
  const to = from + inputs * units;
  for (let row = 0; row < count; row++) {
    const at = slopes.at + row * slopes.rowStride;
    for (let i = 0; i < units; i++) out[to + i]! += floats[at + i]!;
  }
}

/** To the numbers from `to` on. By fours, which leave the engine less to check. */
function addFloats(out: Float64Array, to: number, values: Float32Array): void {
  const fours = values.length - (values.length % 4);
  for (let i = 0; i < fours; i += 4) {
    out[to + i]! += values[i]!;
    out[to + i + 1]! += values[i + 1]!;
    out[to + i + 2]! += values[i + 2]!;
    out[to + i + 3]! += values[i + 3]!;
  }
  for (let i = fours; i < values.length; i++) out[to + i]! += values[i]!;
}
