import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Folders whose files start processes, or compute for long. */
const long =
  /\/test\/(scenarios|faults|cli|emulator|infra|platform|privacy|roles|strategies\/pipeline|ui)\//;

/** A fresh clone knows no durations yet: what takes longest must not begin last. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => (long.test(moduleId) ? 0 : 1);
    return sorted.sort((a, b) => isLong(a) - isLong(b));
  }
}
