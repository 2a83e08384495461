import type { FixStatus, SkyStatus, SourceStatus } from '../health/index.ts';
import { bySatellite, constellationOf } from './constellations.ts';
import { type Fact, factsOf, type Phrase } from './facts.ts';
import { type Level, levelOfFinding, levelOfPort, levelOfVerdict, SIGNS } from './marks.ts';
import type { StatusReport } from './report.ts';
import { ago, bytes, grouped, latitude, longitude, metres, rate, share, timeOfDay } from './words.ts';

export interface ScreenOptions {
  /** Columns of the terminal; longer lines are cut. */
  readonly width: number;
  readonly colour: boolean;
}

const ESC = '\u001b[';
const RESET = `${ESC}0m`;
const SGR: Readonly<Record<Level | 'bold' | 'soft', string>> = {
  ok: `${ESC}32m`,
  note: `${ESC}33m`,
  bad: `${ESC}31m`,
  off: `${ESC}2m`,
  bold: `${ESC}1m`,
  soft: `${ESC}2m`,
};
const BARS = '▁▂▃▄▅▆▇█';
const DBHZ_FULL = 55;
const COURSE = 24;
const RECEIPTS = 8;
const NAME_WIDTH = 11;

/** The status as lines for a terminal: what the page shows, in columns. */
export function drawScreen(report: StatusReport, options: ScreenOptions): string[] {
  const pen = new Pen(options);
  return [
    ...head(report, pen),
    ...factsOf(report).map((fact) => factLine(fact, pen)),
    '',
    ...ports(report, pen),
    ...sky(report, pen),
    ...receipts(report, pen),
  ].map((line) => pen.cut(line));
}

/** Writes with colours, or without. Control characters of foreign texts don't reach the terminal. */
class Pen {
  readonly #width: number;
  readonly #colour: boolean;

  constructor({ width, colour }: ScreenOptions) {
    this.#width = width;
    this.#colour = colour;
  }

  write(text: string, style?: keyof typeof SGR): string {
    const plain = text.replaceAll(/\p{Cc}/gu, '·');
    return style === undefined || !this.#colour ? plain : `${SGR[style]}${plain}${RESET}`;
  }

  mark(level: Level, word: string): string {
    return this.write(`${SIGNS[level]} ${word}`, level);
  }

  /** The line, cut to the width; what colours it takes no room. */
  cut(line: string): string {
    let room = this.#width;
    let cut = '';
    for (const [index, part] of line.split(ESC).entries()) {
      const end = index === 0 ? 0 : part.indexOf('m') + 1;
      const text = [...part.slice(end)];
      cut += (index === 0 ? '' : ESC + part.slice(0, end)) + text.slice(0, room).join('');
      room = Math.max(0, room - text.length);
    }
    return cut.trimEnd();
  }
}

function head({ hostname, software, kid, now, findings }: StatusReport, pen: Pen): string[] {
  const about = `Fieldseal ${software.version}, device ${kid.slice(0, 12)}…, ${timeOfDay(now)} UTC`;
  const state =
    findings.length === 0
      ? [pen.mark('ok', 'all is well')]
      : findings.map((finding) => `${pen.mark(levelOfFinding(finding), finding.area)}  ${pen.write(finding.text)}`);
  return [`${pen.write(hostname, 'bold')}  ${pen.write(about, 'soft')}`, '', ...state, ''];
}

function factLine({ name, value, chart = [], more }: Fact, pen: Pen): string {
  const course = chart.length < 2 ? [] : [bars(chart.slice(-COURSE), Math.max(...chart))];
  const parts = [value, ...more].map((phrase) => phraseOf(phrase, pen));
  return pen.write(name.toLowerCase().padEnd(NAME_WIDTH), 'soft') + [parts[0], ...course, ...parts.slice(1)].join('  ');
}

const phraseOf = ({ text, unit, level }: Phrase, pen: Pen): string =>
  (level === undefined ? pen.write(text) : pen.mark(level, text)) + (unit === undefined ? '' : ` ${pen.write(unit)}`);

/** A bar for each value, the highest at `full`. */
const bars = (values: readonly number[], full: number): string =>
  values.map((value) => BARS[Math.min(7, Math.floor((8 * value) / (full || 1)))] ?? '').join('');

function ports({ sources, recent }: StatusReport, pen: Pen): string[] {
  const width = Math.max(NAME_WIDTH - 2, ...sources.map(({ source }) => source.length)) + 2;
  const title =
    'port'.padEnd(width) + 'state'.padEnd(14) + columns('readings/s', 'readings', 'noise', 'bytes', 'reopened');
  return [pen.write(title, 'soft'), ...sources.map((source) => row(source))];

  function row({ source, state, readings, noise, bytes: read, reopens }: SourceStatus): string {
    const perSecond = recent?.rate.bySource[source];
    const padding = ' '.repeat(Math.max(1, 12 - state.length));
    return (
      pen.write(source.padEnd(width)) +
      pen.mark(levelOfPort(state), state) +
      padding +
      columns(
        perSecond === undefined ? '–' : rate(perSecond),
        grouped(sum(readings)),
        share(sum(noise), read),
        bytes(read),
        grouped(reopens),
      )
    );
  }
}

const columns = (...cells: readonly string[]): string => cells.map((cell) => cell.padStart(12)).join('');

const sum = (counts: Readonly<Partial<Record<string, number>>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);

/** Each receiver's fix, and a bar for each satellite's signal, by constellation. */
function sky({ recent, now }: StatusReport, pen: Pen): string[] {
  if (recent === undefined) return [];
  const views = new Map(recent.sky.map((view) => [view.source, view]));
  const fixes = new Map(recent.fixes.map((fix) => [fix.source, fix]));
  return [...new Set([...fixes.keys(), ...views.keys()])].flatMap((source) => {
    const [view, fix] = [views.get(source), fixes.get(source)];
    const facts = [...fixFacts(fix), ...skyFacts(view)].join(', ');
    const age = ago(Math.max(0, now - (fix?.t ?? view?.t ?? now)));
    return ['', `${pen.write(source, 'bold')}  ${pen.write(facts)}  ${pen.write(age, 'soft')}`, ...signals(view, pen)];
  });
}

function fixFacts(fix: FixStatus | undefined): string[] {
  if (fix === undefined) return [];
  const { lat, lon, mode, eph, speed } = fix;
  const place = lat === undefined || lon === undefined ? [] : [`${latitude(lat)} ${longitude(lon)}`];
  return [
    ...place,
    mode === 'none' ? 'no fix' : mode,
    ...(eph === undefined ? [] : [`± ${metres(eph)}`]),
    ...(speed === undefined ? [] : [`${speed.toFixed(1)} m/s`]),
  ];
}

function skyFacts(view: SkyStatus | undefined): string[] {
  if (view === undefined) return [];
  const used = view.satellites.filter((satellite) => satellite.used).length;
  const hdop = view.hdop === undefined ? [] : [`HDOP ${view.hdop.toFixed(1)}`];
  return [`${used} of ${view.satellites.length} satellites used`, ...hdop];
}

function signals(view: SkyStatus | undefined, pen: Pen): string[] {
  const groups = new Map<number | undefined, SkyStatus['satellites'][number][]>();
  for (const satellite of [...(view?.satellites ?? [])].sort(bySatellite)) {
    const group = groups.get(satellite.gnssid) ?? [];
    groups.set(satellite.gnssid, [...group, satellite]);
  }
  return [...groups].map(([gnssid, group]) => {
    const used = group.filter((one) => one.used).length;
    const strongest = group.reduce((best, { ss = 0 }) => Math.max(best, ss), 0);
    const name = pen.write(constellationOf(gnssid).name.padEnd(NAME_WIDTH), 'soft');
    const marks = group.map(({ ss = 0, used: isUsed }) =>
      pen.write(ss === 0 ? '·' : bars([ss], DBHZ_FULL), isUsed ? 'ok' : 'off'),
    );
    const loudest = strongest === 0 ? 'not heard' : `up to ${strongest} dBHz`;
    const rest = `${`${used}/${group.length}`.padStart(5)}  ${loudest}`;
    return `${name}${marks.join('')}${' '.repeat(Math.max(1, 16 - group.length))}${pen.write(rest)}`;
  });
}

function receipts({ recent }: StatusReport, pen: Pen): string[] {
  const last = recent?.receipts.slice(0, RECEIPTS) ?? [];
  if (last.length === 0) return [];
  const title = `${'received'.padEnd(NAME_WIDTH)}${'proof'.padStart(10)}  ${'verdict'.padEnd(12)}reasons`;
  const rows = last.map(({ received, seq, verdict, reasons }) => {
    const word = pen.mark(levelOfVerdict(verdict), verdict) + ' '.repeat(Math.max(1, 10 - verdict.length));
    const why = reasons.length === 0 ? '–' : pen.write(reasons.join(', '));
    return `${timeOfDay(received).padEnd(NAME_WIDTH)}${grouped(seq).padStart(10)}  ${word}${why}`;
  });
  return ['', pen.write(title, 'soft'), ...rows];
}
