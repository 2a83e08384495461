import { type Html, html } from './html.ts';
import { levelOfFinding, mark } from './marks.ts';
import { portsTable } from './ports.ts';
import { skySections, trackSection } from './position.ts';
import { receiptsTable } from './receipts.ts';
import type { StatusReport } from './report.ts';
import { tiles } from './tiles.ts';
import { instant, timeOfDay } from './words.ts';

/** How often a browser without scripts loads the page anew. */
const RELOAD_SECONDS = 10;

/** The page's own sign, so that no browser asks for another. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z' fill='%23175cd3'/%3E%3Cpath d='M5 8l2 2 4-4' fill='none' stroke='%23fff' stroke-width='1.6'/%3E%3C/svg%3E";

/** The whole status page. */
export function pageOf(report: StatusReport): string {
  const { hostname } = report;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${hostname} · Fieldseal</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="style.css">
<script src="script.js" defer></script>
<noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}"></noscript>
</head>
<body>
${partsOf(report)}
</body>
</html>
`.text;
}

/** What changes; each element with data-part is exchanged as a whole by the script. */
export function partsOf(report: StatusReport): Html {
  return html`<header>
<div><h1>${report.hostname}</h1><p>Fieldseal ${report.software.version}, device <code title="${report.kid}">${report.kid.slice(0, 12)}…</code></p></div>
<p class="asof"><span data-part="asof">as of <time datetime="${instant(report.now)}">${timeOfDay(report.now)}</time> UTC</span><span id="lost" role="alert"></span></p>
</header>
<main>
<section aria-label="State"><div role="status" data-part="state">${stateOf(report)}</div></section>
<section aria-label="At a glance"><div data-part="tiles">${tiles(report)}</div></section>
<section class="card" aria-labelledby="ports"><h2 id="ports">Ports</h2><div class="scroll" data-part="ports">${portsTable(report)}</div></section>
<div class="columns">
<section class="card" aria-labelledby="sky"><h2 id="sky">Satellites in view</h2><div data-part="sky">${skySections(report)}</div></section>
<section class="card" aria-labelledby="track"><h2 id="track">Track of the last hour</h2><div data-part="track">${trackSection(report)}</div></section>
</div>
<section class="card" aria-labelledby="receipts"><h2 id="receipts">Last receipts</h2><div class="scroll" data-part="receipts">${receiptsTable(report)}</div></section>
</main>
<footer><p>Times are UTC. The same as <a href="status.json">JSON</a>, for <a href="metrics">Prometheus</a>, or in a terminal: <code>fieldseal status</code></p></footer>`;
}

function stateOf({ findings }: StatusReport): Html {
  if (findings.length === 0) return html`<p class="state ok">${mark('ok', 'All is well')}</p>`;
  const items = findings.map(
    (finding) => html`<li>${mark(levelOfFinding(finding), finding.area)} ${finding.text}</li>`,
  );
  const worst = findings[0]?.level ?? 'note';
  return html`<ul class="state ${worst}">${items}</ul>`;
}
