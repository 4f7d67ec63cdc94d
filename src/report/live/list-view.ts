/// <reference lib="dom" />
import { html } from "../html.ts";
import { addressOf, compareAddress, runAddress } from "./address.ts";
import { patchContent } from "./patch.ts";
import { type RunRow, runsFollowedMax } from "./protocol.ts";
import { columnsOf, type RunColumn, type Sorting, sortedRows } from "./run-table.ts";

const refreshMs = 3_000;

/** Shows every run, sortable by each column; those that are picked can be compared. */
export function showList(page: Element, picked: readonly string[]): void {
  document.title = "runs · kofn";
  page.classList.add("broad");
  const picks = new Set(picked);
  let rows: readonly RunRow[] = [];
  let sorting: Sorting = { column: "started", isDescending: true };
  let trouble = "";
  const draw = () => patchContent(page, listMarkup(rows, sorting, picks, trouble).markup);
  page.addEventListener("click", (event) => {
    const header = (event.target as Element).closest<HTMLElement>("button[data-column]");
    const column = header?.dataset.column;
    if (column === undefined) return;
    const isDescending = sorting.column === column ? !sorting.isDescending : false;
    sorting = { column, isDescending };
    draw();
  });
  page.addEventListener("change", (event) => {
    const { checked, value } = event.target as HTMLInputElement;
    if (checked) picks.add(value);
    else picks.delete(value);
    draw();
  });
  const refresh = async () => {
    try {
      const response = await fetch(addressOf("/api/runs"));
      if (!response.ok) throw new Error(await response.text());
      rows = (await response.json()) as RunRow[];
      trouble = "";
    } catch (thrown) {
      trouble = `The list is as of before: ${thrown instanceof Error ? thrown.message : thrown}`;
    }
    draw();
    setTimeout(() => void refresh(), document.hidden ? 10 * refreshMs : refreshMs);
  };
  void refresh();
}

function listMarkup(
  rows: readonly RunRow[],
  sorting: Sorting,
  picks: ReadonlySet<string>,
  trouble: string,
) {
  const columns = columnsOf(rows);
  const sorted = sortedRows(rows, columns, sorting);
  return html`<header><p class="brand">kofn <span>· runs</span></p><h1>Runs</h1>
${trouble === "" ? html`` : html`<p class="trouble" role="status">${trouble}</p>`}
<p class="controls">${compareLink([...picks])}</p></header>
<div class="scroll" tabindex="0" role="region" aria-label="Table of all runs"><table class="runs">
<thead><tr><th scope="col">pick</th>${columns.map((column) => head(column, sorting))}</tr></thead>
<tbody>${sorted.map((row) => rowMarkup(row, columns, picks))}</tbody></table></div>
${rows.length === 0 ? html`<p class="note">No runs yet; start one: kofn run SPEC</p>` : html``}`;
}

function compareLink(picks: readonly string[]) {
  if (picks.length < 2)
    return html`<span class="note">Pick two runs or more to compare them.</span>`;
  if (picks.length > runsFollowedMax)
    return html`<span class="note">At most ${runsFollowedMax} runs are compared at once.</span>`;
  return html`<a class="button" href="${compareAddress(picks)}">Compare ${picks.length} runs</a>`;
}

function head({ name, label }: RunColumn, { column, isDescending }: Sorting) {
  const order = name !== column ? "none" : isDescending ? "descending" : "ascending";
  return html`<th scope="col" aria-sort="${order}"><button type="button"
data-column="${name}">${label}</button></th>`;
}

function rowMarkup(row: RunRow, columns: readonly RunColumn[], picks: ReadonlySet<string>) {
  const { run, status } = row;
  const checked = picks.has(run) ? html` checked` : html``;
  return html`<tr data-key="${run}" data-status="${status}"><td><input type="checkbox"
value="${run}" aria-label="pick ${run}"${checked}></td>${columns.map(({ name, text }) =>
    name === "run"
      ? html`<th scope="row"><a href="${runAddress(run)}">${run}</a></th>`
      : html`<td>${text(row)}</td>`,
  )}</tr>`;
}
