import type { RocAuc } from "./roc-auc.ts";

/**
 * The metrics, and those of two classes where they are defined: `auc`, `ap` (average precision),
 * `precision`, `recall` and `f1` of the second class, and `baseAccuracy`: the accuracy of always
 * saying the commoner class.
 */
export function withTwoClassMetrics(
  metrics: Readonly<Record<string, number>>,
  area: RocAuc,
): Record<string, number> {
  const [auc, ap] = [area.value(), area.averagePrecision()];
  if (auc === null || ap === null) return { ...metrics };
  const { first, second } = area.confusion();
  const [rows, rowsOfSecond] = [first.first + first.second, second.first + second.second];
  const said = first.second + second.second;
  const recall = second.second / rowsOfSecond;
  return {
    ...metrics,
    auc,
    ap,
    ...(said === 0 ? {} : { precision: second.second / said }),
    recall,
    f1: (2 * second.second) / (said + rowsOfSecond),
    baseAccuracy: Math.max(rows, rowsOfSecond) / (rows + rowsOfSecond),
  };
}
