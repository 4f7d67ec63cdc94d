import type { Rating } from "./scene.ts";

/** Factors and biases of one side: the bias is the last number of each. */
export type Members = number[][];

/**
 * Plain alternating least squares, a few lines of normal equations: the users' (D'D + lambda I) z =
 * D't with rows [y_j, 1] and targets r - b - v_j, then the items'. `items` are the first ones.
 */
export function plainAls(
  ratings: readonly Rating[],
  { base, lambda, epochs }: { base: number; lambda: number; epochs: number },
  first: { users: Members; items: Members },
): { users: Members; items: Members } {
  let { users, items } = first;
  for (let epoch = 0; epoch < epochs; epoch++) {
    users = users.map((_, user) =>
      ridge(
        ratings.filter((one) => one.user === user).map((one) => [items[one.item]!, one.rating]),
        { base, lambda },
      ),
    );
    items = items.map((_, item) =>
      ridge(
        ratings.filter((one) => one.item === item).map((one) => [users[one.user]!, one.rating]),
        { base, lambda },
      ),
    );
  }
  return { users, items };
}

/** Least squares of one user over the items' [factor, bias] it rated, or the other way round. */
function ridge(
  rated: readonly (readonly [readonly number[], number])[],
  { base, lambda }: { base: number; lambda: number },
): number[] {
  const size = rated[0]![0].length;
  const system = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size + 1 }, (_, j) => (i === j ? lambda : 0)),
  );
  for (const [other, rating] of rated) {
    const row = [...other.slice(0, -1), 1];
    const target = rating - base - other.at(-1)!;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) system[i]![j]! += row[i]! * row[j]!;
      system[i]![size]! += row[i]! * target;
    }
  }
  return eliminated(system);
}

/** Gauss and Jordan, with the largest pivot first. */
function eliminated(system: number[][]): number[] {
  const size = system.length;
  for (let column = 0; column < size; column++) {
    let best = column;
    for (let i = column; i < size; i++)
      if (Math.abs(system[i]![column]!) > Math.abs(system[best]![column]!)) best = i;
    [system[column], system[best]] = [system[best]!, system[column]!];
    const pivot = system[column]!;
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = system[i]![column]! / pivot[column]!;
      for (let j = column; j <= size; j++) system[i]![j]! -= factor * pivot[j]!;
    }
  }
  return system.map((row, i) => row[size]! / row[i]!);
}
