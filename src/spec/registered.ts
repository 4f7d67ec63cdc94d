/**
 * Members that a program registers, for the types of its specs. A program adds its own:
 * `declare module "kofn" { interface OwnMembers { problem: { type: "mine"; l2?: number } } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs fill it by declaration merging
export interface OwnMembers {}

/** What a program declared for a family; never where it declared nothing. */
export type Registered<Family extends string> =
  OwnMembers extends Readonly<Record<Family, infer Member>> ? Member : never;
