import { writeArtifacts } from "../backends/start-run.ts";
import { withRun } from "../backends/with-run.ts";
import { openInBrowser } from "./browser.ts";
import type { Terminal } from "./terminal.ts";

/** `kofn report RUN`: writes the page anew from the stored events. */
export async function report(
  given: string,
  options: { readonly open?: boolean },
  terminal: Terminal,
): Promise<number> {
  const paths = await withRun(terminal, given, ({ store }, { run }) =>
    writeArtifacts({ store }, run, terminal.home),
  );
  terminal.out(paths.report);
  if (options.open === true) await openInBrowser(paths.report, terminal);
  return 0;
}
