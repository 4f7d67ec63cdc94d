import { problems } from "../../src/problems/registry.ts";

/**
 * Every example of every problem, by a name for its test. Networks, which compute in single
 * precision what a file says, have the same laws tested in test/problems/network.test.ts.
 */
const computed = problems.members.filter(({ name }) => name !== "network");
export const problemExamples = computed.flatMap((member) =>
  member.examples.map((example) => ({
    name: `${member.name} ${JSON.stringify(example)}`,
    problem: problems.create({ type: member.name, ...example }),
  })),
);
