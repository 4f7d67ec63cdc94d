import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import { createVirtualFileSystem } from "typescript/unstable/fs";
import { API } from "typescript/unstable/sync";

/** Texts of source files by path, as in `src/core/errors.ts`. */
export type SourceTexts = Readonly<Record<string, string>>;

/** The texts of all files below `folders` of `root` whose names end in one of `endings`. */
export function readTexts(
  root: string,
  folders: readonly string[],
  endings: readonly string[],
): SourceTexts {
  const texts: Record<string, string> = {};
  const visit = (path: string) => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory()) visit(inner);
      else if (endings.some((ending) => entry.name.endsWith(ending)))
        texts[inner] = readFileSync(join(root, inner), "utf8");
    }
  };
  const present = new Set(readdirSync(root));
  for (const folder of folders) if (present.has(folder)) visit(folder);
  return texts;
}

/** The syntax trees of TypeScript files, parsed alone: nothing they import is looked at. */
export function parseAll(texts: SourceTexts): Map<string, SourceFile> {
  const root = "/tree";
  const files: Record<string, string> = {
    [`${root}/tsconfig.json`]: JSON.stringify({
      compilerOptions: { noResolve: true, noLib: true, types: [] },
      files: Object.keys(texts),
    }),
  };
  for (const [path, text] of Object.entries(texts)) files[`${root}/${path}`] = text;
  const api = new API({ cwd: root, fs: createVirtualFileSystem(files) });
  try {
    const project = api
      .updateSnapshot({ openProjects: [`${root}/tsconfig.json`] })
      .getProjects()[0]!;
    return new Map(
      Object.keys(texts).map((path) => {
        const tree = project.program.getSourceFile(`${root}/${path}`);
        if (tree === undefined) throw new Error(`${path} was not parsed`);
        return [path, tree];
      }),
    );
  } finally {
    api.close();
  }
}

/** Every node below `node`, itself first. */
export function* nodes(node: Node): Generator<Node> {
  yield node;
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
    return undefined;
  });
  for (const child of children) yield* nodes(child);
}

/** The modules that a file imports, re-exports or names in a type, with the line of each. */
export function importsOf(tree: SourceFile): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = [];
  for (const node of nodes(tree)) {
    const { parent } = node;
    if (node.kind !== SyntaxKind.StringLiteral || parent === undefined) continue;
    const isImport =
      parent.kind === SyntaxKind.ImportDeclaration ||
      parent.kind === SyntaxKind.ExportDeclaration ||
      (parent.kind === SyntaxKind.LiteralType && parent.parent.kind === SyntaxKind.ImportType) ||
      (parent.kind === SyntaxKind.CallExpression &&
        /^import\s*\(/.test(tree.text.slice(parent.getStart(tree), parent.end)));
    if (isImport)
      found.push({ specifier: node.getText(tree).slice(1, -1), line: lineAt(tree, node) });
  }
  return found;
}

/** Functions with their first line and how many lines they take, comments before them apart. */
export function functionsOf(tree: SourceFile): { line: number; lines: number }[] {
  const kinds = new Set([
    SyntaxKind.FunctionDeclaration,
    SyntaxKind.FunctionExpression,
    SyntaxKind.ArrowFunction,
    SyntaxKind.MethodDeclaration,
    SyntaxKind.Constructor,
    SyntaxKind.GetAccessor,
    SyntaxKind.SetAccessor,
  ]);
  return [...nodes(tree)]
    .filter((node) => kinds.has(node.kind))
    .map((node) => ({
      line: lineAt(tree, node),
      lines: tree.text.slice(node.getStart(tree), node.end).split("\n").length,
    }));
}

/** Lines on which the type `any` stands. */
export function anyLines(tree: SourceFile): number[] {
  return [...nodes(tree)]
    .filter((node) => node.kind === SyntaxKind.AnyKeyword)
    .map((node) => lineAt(tree, node));
}

function lineAt(tree: SourceFile, node: Node): number {
  return tree.text.slice(0, node.getStart(tree)).split("\n").length;
}
