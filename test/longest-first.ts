import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Folders whose files start processes, or compute for long. */
const long = new RegExp(
  "/test/(scenarios|faults|cli|emulator|infra|platform|privacy|roles|strategies/pipeline|ui|" +
    "library|vectors|contracts|planner|docs)/",
);

/**
 * A fresh clone knows no durations yet: what takes longest must not begin last. And files that have
 * a process each begin first: between the others they would end the processes that those share,
 * and what these have loaded and compiled.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId, project }: TestSpecification) =>
      project.name === "apart" ? 0 : long.test(moduleId) ? 1 : 2;
    return sorted.sort((a, b) => place(a) - place(b));
  }
}
