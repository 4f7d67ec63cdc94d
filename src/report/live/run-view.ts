/// <reference lib="dom" />
import type { ReportData, WhatIf } from "../data.ts";
import { foldReport } from "../fold.ts";
import { type Html, html } from "../html.ts";
import { drawCoefficients } from "../page/coefficients.ts";
import { drawProgress } from "../page/progress.ts";
import { drawReplyTimes } from "../page/reply-times.ts";
import { drawSpending } from "../page/spending.ts";
import { coefficientsSection } from "../sections/coefficients.ts";
import { comparisonSection } from "../sections/comparison.ts";
import { costSection } from "../sections/cost.ts";
import { factsSection, troubleSection } from "../sections/facts.ts";
import { figuresSection } from "../sections/head.ts";
import { heatmapSection } from "../sections/heatmap.ts";
import { modelSection } from "../sections/model.ts";
import { phasesSection } from "../sections/phases.ts";
import { printedSection } from "../sections/printed.ts";
import { progressSection } from "../sections/progress.ts";
import { scheduleSection } from "../sections/schedule.ts";
import { slotsSection } from "../sections/slots.ts";
import { type Asked, listenToButtons } from "./actions.ts";
import { listAddress, runAddress } from "./address.ts";
import { budgetsSection } from "./budgets.ts";
import { eventsOf, type Feed, openFeed } from "./feed.ts";
import { liveHeadSection } from "./head.ts";
import { drawLiveHeatmaps } from "./live-heatmap.ts";
import { patchContent } from "./patch.ts";
import { inTurns } from "./turns.ts";
import { whatIfIn, whatIfPart } from "./what-if-view.ts";

/** A part of the page: its text, and what draws into it afterwards. */
interface PagePart {
  readonly name: string;
  readonly markup: (data: ReportData, feed: Feed) => Html;
  readonly draw?: (runs: ReportData["runs"]) => void;
}

const runHref = ({ run }: { readonly run: string }) => runAddress(run);

const parts: readonly PagePart[] = [
  { name: "head", markup: headOf },
  {
    name: "figures",
    markup: ({ runs }) =>
      runs.length > 1 ? comparisonSection(runs, runHref) : figuresSection(runs),
  },
  {
    name: "budgets",
    markup: ({ runs }, feed) =>
      runs.length > 1 ? html`` : budgetsSection(runs[0]!, feed.runs[0]!.status),
  },
  { name: "progress", markup: ({ runs }) => progressSection(runs), draw: drawProgress },
  { name: "model", markup: ({ runs }) => modelSection(runs) },
  { name: "picture", markup: ({ runs }) => heatmapSection(runs), draw: drawLiveHeatmaps },
  { name: "phases", markup: ({ runs }) => phasesSection(runs) },
  {
    name: "what-if",
    markup: ({ runs }, feed) =>
      runs.length > 1 ? html`` : whatIfPart(feed.runs[0]!.status, whatIfs.get(feed.runs[0]!.run)),
  },
  { name: "slots", markup: ({ runs }) => slotsSection(runs), draw: drawReplyTimes },
  { name: "schedule", markup: ({ runs }) => scheduleSection(runs) },
  {
    name: "coefficients",
    markup: ({ runs }) => coefficientsSection(runs),
    draw: drawCoefficients,
  },
  { name: "cost", markup: ({ runs }) => costSection(runs), draw: drawSpending },
  { name: "trouble", markup: ({ runs }) => troubleSection(runs) },
  { name: "printed", markup: ({ runs }) => printedSection(runs) },
  { name: "facts", markup: ({ runs }) => factsSection(runs) },
];

let refusal = "";
const whatIfs = new Map<string, WhatIf | "asked">();

/** Shows one run, or several side by side, and follows what happens in them. */
export function showRuns(page: Element, names: readonly string[]): void {
  document.title = `${names.join(", ")} · kofn`;
  page.replaceChildren(
    ...parts.map(({ name }) => {
      const place = document.createElement("div");
      place.dataset.part = name;
      return place;
    }),
  );
  const markups = new Map<string, string>();
  let data: ReportData = foldReport("", []);
  const steps = [
    () => {
      data = foldReport(names.join(", "), feed.runs.map(eventsOf));
    },
    ...parts.map((part, index) => () => {
      const { markup } = part.markup(data, feed);
      if (markups.get(part.name) !== markup) patchContent(page.children[index]!, markup);
      markups.set(part.name, markup);
      part.draw?.(data.runs);
    }),
  ];
  const update = inTurns(steps);
  const feed = openFeed(names, update);
  listenToButtons(
    page,
    (act, run) => {
      if (act === "what-if") whatIfs.set(run, "asked");
      update();
    },
    (asked) => {
      refusal = asked.refusal;
      if (asked.act === "what-if") keepWhatIf(asked);
      update();
    },
  );
  update();
}

function keepWhatIf({ run, refusal: why, answer }: Asked): void {
  if (why === "") whatIfs.set(run, whatIfIn(answer));
  else whatIfs.delete(run);
}

function headOf(data: ReportData, feed: Feed): Html {
  const links = {
    list: listAddress(feed.runs.map(({ run }) => run)),
    runs: feed.runs.map(({ run }) => ({ run, href: runAddress(run) })),
  };
  const statuses = feed.runs.map(({ status }) => status);
  const trouble = [feed.trouble, refusal].filter((text) => text !== "").join(" ");
  return liveHeadSection(data, statuses, links, trouble);
}
