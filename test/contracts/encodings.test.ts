import { describe, expect, test } from "vitest";
import { testEncoding } from "../../src/testing/encoding.ts";
import { storedCode } from "../../src/testing/stored-code.ts";
import { encodingExamples } from "./encoding-examples.ts";

for (const example of encodingExamples) testEncoding(example, { describe, test });

const patient = encodingExamples.filter(({ waitsOn, isSigned }) => waitsOn && isSigned);

test.each(patient)("$name: one slot of more than four is too little", ({ encoding }) => {
  for (const workers of [8, 12, 64]) {
    if (encoding.refusal(workers) !== null) continue;
    const { shares } = storedCode(encoding, 101, workers);
    for (let slot = 0; slot < workers; slot++)
      expect(encoding.weights([slot], shares, 101)).toBeNull();
  }
});
