import type { ReportData } from "../data.ts";
import { type Html, html } from "../html.ts";
import type { LiveRunStatus, LiveStatus } from "./protocol.ts";

/** Where links of a page lead, by the page that they are in. */
export interface LiveLinks {
  readonly list: string;
  readonly runs: readonly { readonly run: string; readonly href: string }[];
}

const words: Readonly<Record<LiveRunStatus, string>> = {
  starting: "starting: its data are being prepared",
  running: "running",
  stopped: "stopped",
  done: "done",
  unfinished: "unfinished",
  damaged: "damaged",
};

/** Where one is, how the run is, and what can be done about it. */
export function liveHeadSection(
  data: ReportData,
  statuses: readonly LiveStatus[],
  links: LiveLinks,
  trouble: string,
): Html {
  const one = statuses.length === 1;
  const what = one ? "live run" : "live comparison";
  return html`<header>
<p class="brand">kofn <span>· ${what} · <a href="${links.list}">${
    one ? "all runs, to compare" : "all runs"
  }</a></span></p>
<h1>${one ? statuses[0]!.run : `${statuses.length} runs`}</h1>
${statuses.map((status, index) => statusLine(status, one ? null : links.runs[index]!))}
${trouble === "" ? html`` : html`<p class="trouble" role="status">${trouble}</p>`}
${data.runs.some(({ facts }) => facts !== null) ? verdict(data) : html``}
</header>`;
}

function verdict({ verdict: { sentence, notes } }: ReportData): Html {
  return html`<p class="verdict">${sentence}</p>
${notes.map((note) => html`<p class="note">${note}</p>`)}`;
}

function statusLine(
  { run, status, reason, problem }: LiveStatus,
  link: { readonly href: string } | null,
): Html {
  const why = reason === "" ? "" : `: ${reason}`;
  const name = link === null ? html`` : html`<a href="${link.href}">${run}</a> `;
  return html`<p class="status" data-status="${status}" data-of="${run}">
${name}<span class="badge">${words[status]}</span>${why} ${button(run, status)}</p>
${problem === "" ? html`` : html`<p class="trouble">It could not be resumed: ${problem}</p>`}`;
}

function button(run: string, status: LiveRunStatus): Html {
  if (status === "running")
    return html`<button type="button" data-act="cancel" data-target="${run}">Cancel</button>`;
  if (status === "stopped" || status === "unfinished")
    return html`<button type="button" data-act="resume" data-target="${run}">Resume</button>`;
  return html``;
}
