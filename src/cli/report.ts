import { withOpenRun } from "../platform/training/open-run.ts";
import { writeArtifacts } from "../platform/training/start-run.ts";
import { openInBrowser } from "./browser.ts";
import type { Terminal } from "./terminal.ts";

/** `kofn report RUN`: writes the page anew from the stored events. */
export async function report(
  given: string,
  options: { readonly open?: boolean },
  terminal: Terminal,
): Promise<number> {
  const paths = await withOpenRun(terminal, given, ({ store }, { run }) =>
    writeArtifacts({ store }, run, terminal.home),
  );
  terminal.out(paths.report);
  if (options.open === true) await openInBrowser(paths.report, terminal);
  return 0;
}
