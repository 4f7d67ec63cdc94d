import { html } from "../html.ts";

/** The document of every live page: what it shows, its script makes of the address. */
export function livePage({ token, stage }: { token: string; stage: string | null }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="kofn">
<title>kofn</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css?token=${token}">
</head>
<body data-stage="${stage ?? ""}">
<main id="page"><p class="note">Reading the runs.</p></main>
<noscript><p class="note">The live page needs JavaScript.</p></noscript>
<script src="/page.js?token=${token}"></script>
</body>
</html>
`.markup;
}
