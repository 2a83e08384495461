import type { TrackPoint, TrackStatus } from '../health/index.ts';
import { type Html, html } from './html.ts';
import { metres } from './words.ts';

const WIDTH = 300;
const HEIGHT = 236;
const MARGIN = 22;
const METRES_PER_DEGREE = 111_195;
/** What stands still fills no more of the plot than it wanders. */
const LEAST_METRES = 60;
/** As many patterns as there are lines in the style sheet. */
const STYLES = 4;

/** A place on the plane through the middle of the track: metres east and north. */
interface Spot {
  readonly x: number;
  readonly y: number;
}

interface Plane {
  readonly spotOf: (point: TrackPoint) => Spot;
  readonly min: Spot;
  readonly max: Spot;
}

/** Good for an hour's way: an equirectangular plane, on which the 180th meridian is no edge. */
function planeOf(points: readonly TrackPoint[]): Plane | undefined {
  const [first] = points;
  if (first === undefined) return undefined;
  const east = METRES_PER_DEGREE * Math.cos((first.lat * Math.PI) / 180);
  const spotOf = ({ lat, lon }: TrackPoint): Spot => ({
    x: (((lon - first.lon + 540) % 360) - 180) * east,
    y: (lat - first.lat) * METRES_PER_DEGREE,
  });
  let min = spotOf(first);
  let max = min;
  for (const point of points) {
    const { x, y } = spotOf(point);
    min = { x: Math.min(min.x, x), y: Math.min(min.y, y) };
    max = { x: Math.max(max.x, x), y: Math.max(max.y, y) };
  }
  return { spotOf, min, max };
}

/** Where the gateway has been in the last hour, north up; undefined where nobody knows. */
export function trackPlot(tracks: readonly TrackStatus[]): Html | undefined {
  const plane = planeOf(tracks.flatMap(({ points }) => points));
  if (plane === undefined) return undefined;
  const { min, max, spotOf } = plane;
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(LEAST_METRES, max.x - min.x),
    (HEIGHT - 2 * MARGIN) / Math.max(LEAST_METRES, max.y - min.y),
  );
  const place = (point: TrackPoint): Spot => {
    const { x, y } = spotOf(point);
    return { x: WIDTH / 2 + (x - (min.x + max.x) / 2) * scale, y: HEIGHT / 2 - (y - (min.y + max.y) / 2) * scale };
  };
  const paths = tracks.map(({ points }, index) => pathOf(points.map(place), points, index % STYLES));
  const bar = roundLength(WIDTH / 4 / scale);
  return html`<svg class="track" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Track of the last hour, north up, ${metres(max.x - min.x)} by ${metres(max.y - min.y)}">
${grid(bar * scale)}${paths}
<g class="axis"><path d="M8 ${HEIGHT - 12}v4h${(bar * scale).toFixed(1)}v-4"/><text class="scale" x="12" y="${HEIGHT - 12}">${metres(bar)}</text><path d="M${WIDTH - 14} 24V8m-4 5l4 -5l4 5"/><text x="${WIDTH - 14}" y="34">N</text></g>
</svg>`;
}

function pathOf(spots: readonly Spot[], points: readonly TrackPoint[], style: number): Html {
  const d = spots
    .map(({ x, y }, index) => `${index === 0 || points[index]?.gap ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('');
  const [start, last] = [spots[0], spots.at(-1)];
  return html`<g class="t${style}"><path class="way" d="${d}"/>${start && html`<circle class="from" cx="${start.x.toFixed(1)}" cy="${start.y.toFixed(1)}" r="3"><title>an hour ago, or where it was known first</title></circle>`}${last && html`<circle class="to" cx="${last.x.toFixed(1)}" cy="${last.y.toFixed(1)}" r="5"><title>last known place</title></circle>`}</g>`;
}

/** Lines a scale bar apart. */
function grid(step: number): Html {
  const lines: string[] = [];
  for (let x = 8; x < WIDTH; x += step) lines.push(`M${x.toFixed(1)} 0V${HEIGHT}`);
  for (let y = HEIGHT - 8; y > 0; y -= step) lines.push(`M0 ${y.toFixed(1)}H${WIDTH}`);
  return html`<path class="grid" d="${lines.join('')}"/>`;
}

/** The largest of 1, 2 or 5 times a power of ten that is not longer. */
function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  return [5, 2, 1].map((digit) => digit * power).find((round) => round <= length) ?? power;
}
