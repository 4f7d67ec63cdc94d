import { encodings } from "../../src/encoding/registry.ts";
import type { EncodingUnderTest } from "../../src/testing/encoding.ts";

/** Every example of every encoding, with what its tests must know of it. */
export const encodingExamples = encodings.members.flatMap((member) =>
  member.examples.map((example) => ({
    name: `${member.name} ${JSON.stringify(example)}`,
    type: member.name,
    waitsOn: member.name === "gradient-code" && !("approximate" in example),
    runRows: "deal" in example && example.deal === "blocks" ? 16 : 1,
    estimates: estimatesOf(member.name, example),
    isSigned: "arrangement" in example && !isOneStep(example),
    encoding: encodings.create({ type: member.name, ...example }),
  })),
);

function estimatesOf(type: string, example: object): NonNullable<EncodingUnderTest["estimates"]> {
  // Codes whose stored rows are of unequal norm.
  if (type === "haar" || type === "gaussian") return "on-average";
  return type === "gradient-code" && !isOneStep(example) ? "least-squares" : "always";
}

function isOneStep(example: object): boolean {
  return "approximate" in example && example.approximate === "one-step";
}
