import { type Html, html } from './html.ts';

/** How a constellation is shown: never by its colour alone. */
export interface Constellation {
  readonly name: string;
  /** RINEX's letter for it. */
  readonly letter: string;
  /** Its class in the style sheet, which gives it the colour. */
  readonly css: string;
  /** Its mark, 12 units wide around the origin. */
  readonly mark: Html;
}

const polygon = (points: string): Html => html`<path d="${points}z"/>`;

const UNKNOWN: Constellation = {
  name: 'unknown',
  letter: '?',
  css: 'c-other',
  mark: polygon('M-3 -6h6l3 3v6l-3 3h-6l-3 -3v-6'),
};

/** By the number of gnss.sky's gnssid, in the order in which they are shown. */
const CONSTELLATIONS: ReadonlyMap<number | undefined, Constellation> = new Map<number | undefined, Constellation>([
  [0, { name: 'GPS', letter: 'G', css: 'c-gps', mark: html`<circle r="5.6"/>` }],
  [6, { name: 'GLONASS', letter: 'R', css: 'c-glonass', mark: polygon('M0 -6.4L6.4 5H-6.4') }],
  [2, { name: 'Galileo', letter: 'E', css: 'c-galileo', mark: polygon('M-5 -5h10v10h-10') }],
  [3, { name: 'BeiDou', letter: 'C', css: 'c-beidou', mark: polygon('M0 -7L7 0L0 7L-7 0') }],
  [5, { name: 'QZSS', letter: 'J', css: 'c-qzss', mark: polygon('M0 6.4L6.4 -5H-6.4') }],
  [7, { name: 'NavIC', letter: 'I', css: 'c-navic', mark: polygon('M0 -6.4L6.1 -2L3.8 5.2H-3.8L-6.1 -2') }],
  [1, { name: 'SBAS', letter: 'S', css: 'c-sbas', mark: polygon('M-2 -6h4v4h4v4h-4v4h-4v-4h-4v-4h4') }],
]);

const ORDER = [...CONSTELLATIONS.keys()];

export const constellationOf = (gnssid: number | undefined): Constellation => CONSTELLATIONS.get(gnssid) ?? UNKNOWN;

/** Compares satellites by constellation, then by number. */
export function bySatellite(
  a: { gnssid: number | undefined; svid: number },
  b: { gnssid: number | undefined; svid: number },
): number {
  const rank = (gnssid: number | undefined): number => (ORDER.indexOf(gnssid) + ORDER.length + 1) % (ORDER.length + 1);
  return rank(a.gnssid) - rank(b.gnssid) || a.svid - b.svid;
}

/** "G12", as RINEX names a satellite. */
export const satelliteName = ({ gnssid, svid }: { gnssid: number | undefined; svid: number }): string =>
  `${constellationOf(gnssid).letter}${String(svid).padStart(2, '0')}`;
