import type { Statement } from "../../src/emulator/iam/policy.ts";

/** One action on one kind of object, or one prefix to see, and a role's statements without it. */
export interface Permission {
  readonly name: string;
  readonly others: readonly Statement[];
}

/** Every single permission that a store is asked for: uploads in parts and calls are none. */
export function ofObjects(statements: readonly Statement[]): Permission[] {
  const single = singleOf(statements);
  return single.flatMap(({ actions: [action], resources, conditions = [] }, i) =>
    /AbortMultipartUpload|InvokeFunction/.test(action!)
      ? []
      : {
          name: [action, ...(conditions[0]?.values ?? resources.map(keyOf))].join(" "),
          others: single.toSpliced(i, 1),
        },
  );
}

function singleOf(statements: readonly Statement[]): Statement[] {
  return statements.flatMap(({ effect, actions, resources, conditions = [] }) =>
    actions.flatMap((action) =>
      resources.flatMap((resource) => {
        const one = { effect, actions: [action], resources: [resource] };
        const [condition] = conditions;
        if (condition === undefined) return [one];
        const { values } = condition;
        return values.map((value) => ({ ...one, conditions: [{ ...condition, values: [value] }] }));
      }),
    ),
  );
}

function keyOf(arn: string): string {
  return arn.replace(/^arn:aws:s3:::[^/]+\//, "");
}
