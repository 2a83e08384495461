import { type Html, html } from './html.ts';

const WIDTH = 120;
const HEIGHT = 26;

/** The course of a number, oldest first; its scale starts at zero. */
export function sparkline(values: readonly number[], slots: number, label: string): Html | undefined {
  if (values.length < 2) return undefined;
  const top = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  const points = values.map((value, index) => {
    const x = WIDTH - ((values.length - 1 - index) * WIDTH) / (slots - 1);
    return `${x.toFixed(1)} ${(HEIGHT - (value / top) * (HEIGHT - 2)).toFixed(1)}`;
  });
  const start = points[0]?.split(' ')[0] ?? '0';
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT + 1}" preserveAspectRatio="none" role="img" aria-label="${label}"><path class="area" d="M${start} ${HEIGHT}L${points.join('L')}V${HEIGHT}z"/><path class="line" d="M${points.join('L')}"/></svg>`;
}
