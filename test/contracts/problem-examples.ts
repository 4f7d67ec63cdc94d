import { problems } from "../../src/problems/registry.ts";

/**
 * Every example of every problem, by a name for its test. Networks, which compute in single
 * precision what a file says, have the same laws tested in test/problems/network.test.ts and
 * test/problems/translation.test.ts.
 */
const networks = ["network", "translation"];
const computed = problems.members.filter(({ name }) => !networks.includes(name));
export const problemExamples = computed.flatMap((member) =>
  member.examples.map((example) => ({
    name: `${member.name} ${JSON.stringify(example)}`,
    problem: problems.create({ type: member.name, ...example }),
  })),
);
