import type { SatelliteStatus, SkyStatus } from '../health/index.ts';
import { bySatellite, constellationOf, satelliteName } from './constellations.ts';
import { type Html, html } from './html.ts';

const RADIUS = 100;
const DBHZ_FULL = 55;
const BAR = 8;
const BARS_HEIGHT = 44;

/** Where a satellite stands in the plot: the zenith in the middle, north up, as the sky lies on a map. */
function placeOf(elevation: number, azimuth: number): { x: string; y: string } {
  const r = (RADIUS * (90 - Math.max(0, elevation))) / 90;
  const angle = (azimuth * Math.PI) / 180;
  return { x: (r * Math.sin(angle)).toFixed(1), y: (-r * Math.cos(angle)).toFixed(1) };
}

const classOf = ({ gnssid, used }: SatelliteStatus): string =>
  `${constellationOf(gnssid).css} ${used ? 'used' : 'unused'}`;

/** The satellites in view by azimuth and elevation. A used one is filled. */
export function skyPlot({ source, satellites }: SkyStatus): Html {
  const labels: Html[] = [];
  const placed = [...satellites].sort(bySatellite).flatMap((satellite) => {
    const { elevation, azimuth } = satellite;
    if (elevation === undefined || azimuth === undefined) return [];
    const { x, y } = placeOf(elevation, azimuth);
    labels.push(html`<text class="sat" x="${x}" y="${Number(y) + 11.5}">${satelliteName(satellite)}</text>`);
    return [
      html`<g class="${classOf(satellite)}" transform="translate(${x} ${y})"><title>${titleOf(satellite)}</title><g class="shape" transform="scale(.8)">${constellationOf(satellite.gnssid).mark}</g></g>`,
    ];
  });
  return html`<svg class="sky" viewBox="-124 -122 248 246" role="img" aria-label="Sky plot of ${source}: ${placed.length} satellites by azimuth and elevation; the table below has them all">
<g class="grid"><circle r="100"/><circle r="66.7"/><circle r="33.3"/><path d="M-100 0H100M0 -100V100M-70.7 -70.7L70.7 70.7M-70.7 70.7L70.7 -70.7"/></g>
<g class="axis"><text y="-107">N</text><text x="111" y="4">E</text><text y="117">S</text><text x="-111" y="4">W</text><text class="el" x="3" y="-69">30°</text><text class="el" x="3" y="-36">60°</text></g>
${placed}${labels}
</svg>`;
}

function titleOf(satellite: SatelliteStatus): string {
  const { gnssid, elevation, azimuth, ss, used } = satellite;
  const strength = ss === undefined ? 'not heard' : `${ss} dBHz`;
  return `${constellationOf(gnssid).name} ${satelliteName(satellite)}: ${strength}, elevation ${elevation}°, azimuth ${azimuth}°, ${used ? 'used' : 'not used'}`;
}

/** How strong each satellite is heard, in the order of the legend. */
export function signalBars({ source, satellites }: SkyStatus): Html {
  const heard = [...satellites].sort(bySatellite).filter(({ ss = 0 }) => ss > 0);
  const bars = heard.map((satellite, index) => {
    const height = (Math.min(DBHZ_FULL, satellite.ss ?? 0) * BARS_HEIGHT) / DBHZ_FULL;
    const y = (BARS_HEIGHT - height).toFixed(1);
    return html`<rect class="${classOf(satellite)}" x="${index * BAR + 1.5}" y="${y}" width="${BAR - 3}" height="${height.toFixed(1)}"><title>${satelliteName(satellite)}: ${satellite.ss} dBHz</title></rect>`;
  });
  const width = Math.max(heard.length, 30) * BAR;
  const lines = [20, 40].map((dbhz) => (BARS_HEIGHT - (dbhz * BARS_HEIGHT) / DBHZ_FULL).toFixed(1));
  return html`<svg class="bars" viewBox="0 -1 ${width + 22} ${BARS_HEIGHT + 2}" preserveAspectRatio="xMinYMid" role="img" aria-label="Signal strength of ${source}'s ${heard.length} satellites that are heard, in dBHz">
<g class="grid"><path d="M0 ${lines[0]}H${width}M0 ${lines[1]}H${width}M0 ${BARS_HEIGHT}H${width}"/></g>
<g class="axis"><text class="el" x="${width + 3}" y="${Number(lines[0]) + 2.5}">20</text><text class="el" x="${width + 3}" y="${Number(lines[1]) + 2.5}">40</text></g>
${bars}
</svg>`;
}
