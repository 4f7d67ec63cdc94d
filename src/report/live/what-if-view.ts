import type { WhatIf } from "../data.ts";
import { type Html, html } from "../html.ts";
import { whatIfSection } from "../sections/what-if.ts";
import type { LiveStatus } from "./protocol.ts";

/**
 * The recorded run with one thing another, once somebody asked for it: it takes about as long as a
 * simulation of the run, for each of some ten ways.
 */
export function whatIfPart({ run, status }: LiveStatus, found: WhatIf | "asked" | undefined): Html {
  if (typeof found === "object") return whatIfSection(found);
  if (status === "starting" || status === "running" || status === "damaged") return html``;
  const state = found === "asked" ? html` disabled` : html``;
  return html`<section aria-labelledby="what-if-title"><h2 id="what-if-title">What if</h2>
<p>What the run would have taken without its slowest slot, without lateness, with other ways to
wait.
<button type="button" data-act="what-if" data-target="${run}"${state}>${
    found === "asked" ? "Computing" : "Compute"
  }</button></p></section>`;
}

/** As it is sent: numbers that are not finite are null. */
export function whatIfIn(text: string): WhatIf {
  const { recorded, ...rest } = JSON.parse(text) as WhatIf;
  const { seconds, dollars } = recorded;
  const finite = (value: number | null) => value ?? Number.NaN;
  return { ...rest, recorded: { seconds: finite(seconds), dollars: finite(dollars) } };
}
