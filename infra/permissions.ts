import { storePermissions } from "./store-permissions.ts";

/** What a function may do with the store, as its code declares it. */
export function permissionsFor(role: keyof typeof storePermissions, store: sst.aws.Bucket) {
  const { on, visible } = permissionsOn(store);
  const { read, list, write, abort, remove } = storePermissions[role];
  const objects = [
    { actions: ["s3:PutObject"], paths: write },
    { actions: ["s3:AbortMultipartUpload"], paths: abort },
    { actions: ["s3:DeleteObject"], paths: remove },
  ];
  return [
    on(["s3:GetObject"], read),
    visible([...list]),
    // A statement about nothing is no statement to IAM.
    ...objects.flatMap(({ actions, paths }) => (paths.length === 0 ? [] : [on(actions, paths)])),
  ];
}

function permissionsOn(store: sst.aws.Bucket) {
  const on = (actions: string[], paths: readonly string[]) => ({
    actions,
    resources: paths.map((path) => $interpolate`${store.arn}/${path}`),
  });
  /**
   * Leave to list below these prefixes, and to be told that an object there does not exist:
   * whoever may not list a key is answered 403 for an absent one, never 404.
   */
  const visible = (values: string[]) => ({
    actions: ["s3:ListBucket"],
    resources: [store.arn],
    conditions: [{ test: "StringLike", variable: "s3:prefix", values }],
  });
  return { on, visible };
}
