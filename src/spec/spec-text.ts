import { Document, isCollection, isScalar } from "yaml";

/**
 * A spec as YAML for people: `remarks` stand behind the values at their paths (`data.drop.0`), and
 * `head` above all.
 */
export function specText(
  spec: object,
  remarks: ReadonlyMap<string, string>,
  head: readonly string[],
): string {
  const document = new Document(spec);
  document.commentBefore = head.map((line) => ` ${line}`).join("\n");
  const problem = document.get("problem", true);
  if (isCollection(problem)) problem.flow = true;
  for (const [path, remark] of remarks) {
    const node: unknown = document.getIn(path.split("."), true);
    if (isScalar(node) || isCollection(node)) node.comment = ` ${remark}`;
  }
  return document.toString({ lineWidth: 0 });
}
