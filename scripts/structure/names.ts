import { type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import { nodes } from "../../test/style/source-tree.ts";

/** Names that a file declares and others could see. */
export interface Declared {
  /** Of functions, classes, types and constants at the module's top. */
  readonly top: readonly string[];
  /** Those of them that are exported; what is only passed on from another file is not. */
  readonly exported: readonly string[];
  /** `Interface.member`, of interfaces, type literals and classes that have a name. */
  readonly members: readonly string[];
  /** Texts such as `"node-round"`. */
  readonly literals: readonly string[];
  /** Variables and parameters at any depth. */
  readonly variables: readonly string[];
}

const declarations = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.ClassDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.EnumDeclaration,
]);
const memberKinds = new Set([
  SyntaxKind.PropertySignature,
  SyntaxKind.MethodSignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.MethodDeclaration,
]);
const variableKinds = new Set([
  SyntaxKind.VariableDeclaration,
  SyntaxKind.Parameter,
  SyntaxKind.BindingElement,
]);

export function declaredIn(tree: SourceFile): Declared {
  const top = new Set<string>();
  const exported = new Set<string>();
  tree.forEachChild((statement) => {
    const names = topNames(statement);
    for (const name of names) top.add(name);
    if (isExported(statement)) for (const name of names) exported.add(name);
    return undefined;
  });
  const members: string[] = [];
  const literals: string[] = [];
  const variables: string[] = [];
  for (const node of nodes(tree)) {
    if (memberKinds.has(node.kind) && nameOf(node) !== null) {
      const owner = ownerOf(node);
      if (owner !== null) members.push(`${owner}.${nameOf(node)}`);
    } else if (variableKinds.has(node.kind) && nameOf(node) !== null) variables.push(nameOf(node)!);
    else if (node.kind === SyntaxKind.StringLiteral)
      literals.push((node as unknown as { text: string }).text);
  }
  return { top: [...top], exported: [...exported], members, literals, variables };
}

function topNames(statement: Node): string[] {
  if (declarations.has(statement.kind)) return [nameOf(statement)].filter((name) => name !== null);
  if (statement.kind === SyntaxKind.ExportDeclaration) {
    // With `from` it is only passed on.
    const { exportClause, moduleSpecifier } = statement as unknown as {
      readonly exportClause?: { readonly elements?: readonly Node[] };
      readonly moduleSpecifier?: Node;
    };
    if (moduleSpecifier !== undefined) return [];
    return (exportClause?.elements ?? []).map((element) => nameOf(element)!);
  }
  if (statement.kind !== SyntaxKind.VariableStatement) return [];
  return [...nodes(statement)]
    .filter((node) => node.kind === SyntaxKind.VariableDeclaration)
    .filter((node) => node.parent.parent === statement)
    .flatMap((node) => nameOf(node) ?? []);
}

function isExported(statement: Node): boolean {
  if (statement.kind === SyntaxKind.ExportDeclaration) return true;
  const { modifiers } = statement as unknown as { readonly modifiers?: readonly Node[] };
  return (modifiers ?? []).some(({ kind }) => kind === SyntaxKind.ExportKeyword);
}

/** Null where it is a pattern, or computed. */
function nameOf(node: Node): string | null {
  const { name } = node as unknown as { readonly name?: Node & { readonly text?: string } };
  return name?.kind === SyntaxKind.Identifier ? (name.text ?? null) : null;
}

function ownerOf(member: Node): string | null {
  for (let node = member.parent; node !== undefined; node = node.parent)
    if (declarations.has(node.kind)) return nameOf(node);
  return null;
}
