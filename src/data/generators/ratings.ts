import * as z from "zod";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import { type Generator, size } from "./generator.ts";

export const ratings = define({
  name: "ratings",
  summary:
    "ratings of items by users, from factors and biases with noise: x0 the user, x1 the item",
  options: {
    rows: size.rows.default(22_000).describe("how many ratings to make"),
    users: z.int().min(1).max(1_000_000).default(600).describe("how many users there are"),
    items: z.int().min(1).max(1_000_000).default(370).describe("how many items there are"),
    rank: z.int().min(1).max(1_000).default(15).describe("numbers in a factor"),
    decay: z
      .number()
      .gt(0)
      .max(1)
      .default(0.8)
      .describe("deviation that each coordinate of the product has, relative to the one before"),
    signal: z.number().min(0).default(0.6).describe("deviation of the factors' product"),
    bias: z.number().min(0).default(0.4).describe("deviation of a user's, or item's, bias"),
    noise: z.number().min(0).default(0.57).describe("deviation of the noise"),
    base: z.number().default(3).describe("what every rating starts from"),
    seed: size.seed,
  },
  examples: [{ rows: 300, users: 30, items: 20, rank: 2 }],
  create({ rows, users, items, rank, decay, signal, bias, noise, base, seed }): Generator {
    const random = randomFrom(seed).fork("ratings");
    const shares = Float64Array.from({ length: rank }, (_, f) => decay ** f);
    const scale = Math.sqrt(signal / Math.hypot(...shares));
    /** Coordinate f of the product has deviation signal decay^f / |(1, decay, ...)|. */
    const factors = (label: string, count: number) => {
      const stream = random.fork(label);
      return Float64Array.from(
        { length: count * rank },
        (_, at) => scale * Math.sqrt(shares[at % rank]!) * stream.normal(),
      );
    };
    const normals = (label: string, length: number, by: number) => {
      const stream = random.fork(label);
      return Float64Array.from({ length }, () => by * stream.normal());
    };
    const x = factors("users", users);
    const y = factors("items", items);
    const u = normals("user biases", users, bias);
    const v = normals("item biases", items, bias);
    return {
      kind: "dense",
      rows,
      features: 2,
      start() {
        const stream = random.fork("rows");
        return (cells, at) => {
          const user = stream.integer(users);
          const item = stream.integer(items);
          cells[at] = user;
          cells[at + 1] = item;
          let rating = base + u[user]! + v[item]! + noise * stream.normal();
          for (let f = 0; f < rank; f++) rating += x[user * rank + f]! * y[item * rank + f]!;
          return rating;
        };
      },
    };
  },
});
