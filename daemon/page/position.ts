import type { FixStatus, SkyStatus } from '../health/index.ts';
import { bySatellite, constellationOf, satelliteName } from './constellations.ts';
import { type Html, html } from './html.ts';
import type { StatusReport } from './report.ts';
import { signalBars, skyPlot } from './sky-plot.ts';
import { trackPlot } from './track-plot.ts';
import { ago, latitude, longitude, metres } from './words.ts';

/** The sky of each receiver: its plot, its signals, and all of it as a table. */
export function skySections({ recent, now }: StatusReport): Html {
  const sky = recent?.sky ?? [];
  if (sky.length === 0)
    return html`<p class="empty">No receiver has told of its satellites in the last five minutes.</p>`;
  return html`<div class="plots">${sky.map((view) => skySection(view, now))}</div>`;
}

function skySection(view: SkyStatus, now: number): Html {
  const { source, satellites, hdop } = view;
  const used = satellites.filter((satellite) => satellite.used).length;
  return html`<figure><figcaption><b>${source}</b> ${used} used of ${satellites.length} in view${hdop === undefined ? '' : `, HDOP ${hdop.toFixed(1)}`}<span class="age">${ago(Math.max(0, now - view.t))}</span></figcaption>
${skyPlot(view)}${legend(view)}${signalBars(view)}
<details><summary>All satellites of ${source}</summary><div class="scroll"><table><thead><tr><th scope="col">Satellite</th><th scope="col" class="n">Elevation</th><th scope="col" class="n">Azimuth</th><th scope="col" class="n">dBHz</th><th scope="col">Used</th></tr></thead><tbody>${[
    ...satellites,
  ]
    .sort(bySatellite)
    .map((one) => {
      const { elevation, azimuth, ss, used } = one;
      return html`<tr><th scope="row">${satelliteName(one)} <small>${constellationOf(one.gnssid).name}</small></th><td class="n">${degrees(elevation)}</td><td class="n">${degrees(azimuth)}</td><td class="n">${ss ?? '–'}</td><td>${used ? 'yes' : 'no'}</td></tr>`;
    })}</tbody></table></div></details></figure>`;
}

const degrees = (angle: number | undefined): string => (angle === undefined ? '–' : `${angle}°`);

/** Each constellation's mark with how many of it are used. */
function legend({ satellites }: SkyStatus): Html {
  const counts = new Map<number | undefined, { used: number; all: number }>();
  for (const { gnssid, used } of [...satellites].sort(bySatellite)) {
    const { used: before, all } = counts.get(gnssid) ?? { used: 0, all: 0 };
    counts.set(gnssid, { used: before + (used ? 1 : 0), all: all + 1 });
  }
  const items = [...counts].map(([gnssid, { used, all }]) => {
    const { name, css, mark } = constellationOf(gnssid);
    return html`<li><svg viewBox="-8 -8 16 16" class="key" aria-hidden="true"><g class="${css} used">${mark}</g></svg>${name} ${used}/${all}</li>`;
  });
  return html`<ul class="legend">${items}<li class="hint">hollow: not used</li></ul>`;
}

/** Where the gateway has been, and what each receiver said last. */
export function trackSection({ recent, now }: StatusReport): Html {
  const plot = trackPlot(recent?.track ?? []);
  if (recent === undefined || plot === undefined) {
    return html`<p class="empty">No position is known, or all of the last hour lies in a privacy zone.</p>`;
  }
  const styles = new Map(recent.track.map(({ source }, index) => [source, index % 4]));
  return html`<figure>${plot}<ul class="fixes">${recent.fixes.map((fix) => fixItem(fix, styles.get(fix.source), now))}</ul></figure>`;
}

function fixItem(fix: FixStatus, style: number | undefined, now: number): Html {
  const { source, t, mode, used, lat, lon, eph, speed } = fix;
  const place = lat === undefined || lon === undefined ? undefined : `${latitude(lat)}, ${longitude(lon)}`;
  const facts = [
    place,
    mode === 'none' ? 'no fix' : mode,
    used === undefined ? undefined : `${used} satellites`,
    eph === undefined ? undefined : `± ${metres(eph)}`,
    speed === undefined ? undefined : `${speed.toFixed(1)} m/s`,
  ];
  const line =
    style === undefined
      ? undefined
      : html`<svg class="key" viewBox="0 0 24 10" aria-hidden="true"><g class="t${style}"><path class="way" d="M1 5H23"/></g></svg>`;
  const known = facts.flatMap((fact) => (fact === undefined ? [] : [fact.replaceAll(' ', '\u00a0')])).join(' · ');
  return html`<li>${line}<b>${source}</b><span class="age">${ago(Math.max(0, now - t))}</span><p>${known}</p></li>`;
}
