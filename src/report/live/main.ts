/// <reference lib="dom" />
import { showList } from "./list-view.ts";
import { showRuns } from "./run-view.ts";

const page = document.getElementById("page")!;
const query = new URLSearchParams(location.search);
const run = /^\/run\/([^/]+)$/.exec(location.pathname)?.[1];
if (run !== undefined) showRuns(page, [decodeURIComponent(run)]);
else if (location.pathname === "/compare") showRuns(page, query.getAll("run"));
else showList(page, query.getAll("pick"));
