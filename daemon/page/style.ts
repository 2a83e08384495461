/** The page's style sheet. Text has a contrast of 4.5 and more on its ground, in both schemes; a test computes it. */
export const STYLE = `:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --card: #fff; --line: #d9dde3; --text: #1a1f27; --soft: #545c69;
  --ok: #11692b; --note: #7a4b00; --bad: #a8071a; --ok-ground: #e8f5ec; --note-ground: #fdf3dc; --bad-ground: #fdebec;
  --accent: #175cd3; --accent-soft: #dbe7fb;
  --gps: #1765c1; --glonass: #c2410c; --galileo: #0b7a55; --beidou: #a3317f; --qzss: #806600; --navic: #5b4bb7; --sbas: #5d6572;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1318; --card: #171c23; --line: #2c343f; --text: #e7eaee; --soft: #a2abb8;
    --ok: #6fd08c; --note: #e8b64c; --bad: #ff8f95; --ok-ground: #14261b; --note-ground: #2a2212; --bad-ground: #331a1d;
    --accent: #8ab8ff; --accent-soft: #1d2f4b;
    --gps: #6fb1ff; --glonass: #ff9a62; --galileo: #43cf9d; --beidou: #f08fcf; --qzss: #d9bf4f; --navic: #b3a7ff; --sbas: #a2abb8;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 20px; max-width: 1180px; background: var(--ground); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1, h2, p, ul, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 22px; line-height: 1.2; letter-spacing: -0.01em; }
h2 { font-size: 14px; font-weight: 650; margin-bottom: 10px; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code { font: 0.93em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
small { font-size: 0.78em; font-weight: 400; color: var(--soft); }
header { display: flex; justify-content: space-between; align-items: flex-end; gap: 4px 20px; flex-wrap: wrap; margin-bottom: 16px; }
header p, footer, .age, .empty, .hint { color: var(--soft); }
.asof { text-align: right; }
#lost { display: block; color: var(--bad); font-weight: 600; }
#lost:empty { display: none; }
.stale main { opacity: 0.55; }
main { display: grid; gap: 14px; grid-template-columns: minmax(0, 1fr); }
.columns { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.state { border: 1px solid currentColor; border-radius: 10px; padding: 9px 14px; list-style: none; }
.state.ok { background: var(--ok-ground); color: var(--ok); }
.state.note { background: var(--note-ground); border-color: var(--note); }
.state.bad { background: var(--bad-ground); border-color: var(--bad); }
.state li + li { margin-top: 4px; }
.mark { white-space: nowrap; font-weight: 600; }
.ok.mark { color: var(--ok); } .note.mark { color: var(--note); } .bad.mark { color: var(--bad); } .off.mark { color: var(--soft); }
.mark > span { display: inline-block; width: 1em; text-align: center; font-size: 0.86em; }
.tiles { display: grid; gap: 1px; grid-template-columns: repeat(4, minmax(0, 1fr)); background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.tiles > div { outline: 1px solid var(--line); padding: 11px 14px 12px; }
dt { font-size: 12px; color: var(--soft); }
dd { margin: 0; font-size: 12.5px; color: var(--soft); }
.value { font-size: 20px; line-height: 1.35; font-weight: 600; letter-spacing: -0.01em; color: var(--text); }
.value .mark { font-size: 17px; }
.value small { font-size: 13px; letter-spacing: 0; }
.spark { display: block; width: 100%; height: 26px; margin: 2px 0 4px; }
.spark .line { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.spark .area { fill: var(--accent-soft); stroke: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; padding: 5px 18px 5px 0; border-top: 1px solid var(--line); vertical-align: baseline; font-weight: 400; overflow-wrap: normal; }
thead th { border-top: 0; padding-top: 0; font-size: 12px; color: var(--soft); }
tbody th { font-weight: 600; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; }
.rest { width: 100%; }
svg { display: block; width: 100%; }
svg text { font-size: 10px; fill: var(--soft); text-anchor: middle; }
.plots { display: grid; gap: 18px; }
figcaption, .fixes li { font-size: 13px; }
figcaption .age, .fixes .age { float: right; margin-left: 8px; }
.sky { max-width: 380px; margin: 2px auto 0; }
.grid { fill: none; stroke: var(--line); stroke-width: 1; }
svg text.el, svg text.scale { font-size: 8px; text-anchor: start; }
svg text.sat { font-size: 6.5px; fill: var(--text); stroke: var(--card); stroke-width: 2; paint-order: stroke; }
.used { fill: var(--c); stroke: var(--c); stroke-width: 1; } .unused { fill: var(--card); stroke: var(--c); stroke-width: 1.5; }
.sky .used .shape { stroke: var(--card); }
.c-gps { --c: var(--gps); } .c-glonass { --c: var(--glonass); } .c-galileo { --c: var(--galileo); } .c-beidou { --c: var(--beidou); }
.c-qzss { --c: var(--qzss); } .c-navic { --c: var(--navic); } .c-sbas, .c-other { --c: var(--sbas); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; list-style: none; font-size: 12.5px; justify-content: center; margin: 2px 0 10px; }
.legend li { display: flex; align-items: center; gap: 5px; }
.key { width: 12px; height: 12px; flex: none; }
.bars { max-height: 70px; }
details { margin-top: 8px; font-size: 13px; }
summary { cursor: pointer; color: var(--accent); }
details[open] summary { margin-bottom: 8px; }
.track .grid { stroke-dasharray: 2 3; }
.track .axis path { fill: none; stroke: var(--soft); }
.way { fill: none; stroke: var(--s); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.from { fill: var(--card); stroke: var(--s); stroke-width: 1.5; } .to { fill: var(--s); stroke: var(--card); stroke-width: 1.5; }
.t0 { --s: var(--gps); } .t1 { --s: var(--glonass); } .t2 { --s: var(--galileo); } .t3 { --s: var(--beidou); }
.t1 .way { stroke-dasharray: 6 4; } .t2 .way { stroke-dasharray: 1 4; } .t3 .way { stroke-dasharray: 8 3 1 3; }
.fixes { list-style: none; margin-top: 10px; display: grid; gap: 6px 20px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); }
.fixes .key { display: inline-block; width: 24px; height: 10px; margin-right: 6px; }
.fixes p { color: var(--soft); font-size: 12.5px; }
footer { margin-top: 16px; font-size: 12.5px; }
@media (max-width: 860px) { .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 560px) {
  body { padding: 12px; }
  .wide { display: none; }
  .asof { text-align: left; }
  th, td { padding-right: 12px; }
  .tiles > div { padding: 9px 11px 10px; }
  .card { padding: 12px; }
}
@media print { body { background: none; max-width: none; } }
`;
