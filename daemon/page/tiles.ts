import { type Fact, factsOf, type Phrase } from './facts.ts';
import { type Html, html } from './html.ts';
import { mark } from './marks.ts';
import type { StatusReport } from './report.ts';
import { sparkline } from './sparkline.ts';

/** Ten minutes of the rate's steps. */
const SLOTS = 120;

/** The gateway at a glance. */
export const tiles = (report: StatusReport): Html => html`<dl class="tiles">${factsOf(report).map(tile)}</dl>`;

function tile({ name, value, chart, more }: Fact): Html {
  const course = chart === undefined ? undefined : sparkline(chart, SLOTS, `${name} in the last ten minutes`);
  const lines = more.map((phrase) => html`<p>${shown(phrase)}</p>`);
  return html`<div><dt>${name}</dt><dd><p class="value">${shown(value)}</p>${course}${lines}</dd></div>`;
}

const shown = ({ text, unit, level }: Phrase): Html =>
  html`${level === undefined ? text : mark(level, text)}${unit === undefined ? undefined : html`<small> ${unit}</small>`}`;
