import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../daemon/page/facts.ts';
import { html } from '../../daemon/page/html.ts';
import { isOwnHost } from '../../daemon/page/own-host.ts';
import { makeReport } from '../../daemon/page/report.ts';
import { drawScreen } from '../../daemon/page/screen.ts';
import { trackPlot } from '../../daemon/page/track-plot.ts';
import * as words from '../../daemon/page/words.ts';
import { partsFor, sampleStatus } from './sample.ts';

describe('markup', () => {
  it('escapes whatever text it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: made } = html`<p title="${text}">${text}</p>`;
        const inside = made.slice('<p title="'.length, -'</p>'.length);
        const [attribute, content] = inside.split('">');
        for (const part of [attribute, content]) {
          expect(part).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
        }
      }),
    );
  });

  it('takes markup as it is, and nothing for what is not there', () => {
    expect(html`<ul>${[html`<li>1</li>`, html`<li>${2}</li>`]}</ul>${undefined}`.text).toBe(
      '<ul><li>1</li><li>2</li></ul>',
    );
  });
});

describe('words', () => {
  it.each([
    [words.duration(850), '850 ms'],
    [words.duration(42_900), '42 s'],
    [words.duration(200_000), '3 min 20 s'],
    [words.duration(18_720_000), '5 h 12 min'],
    [words.duration(17 * 86_400_000), '17 d'],
    [words.duration(-90_000), '−1 min 30 s'],
    [words.ago(400), 'now'],
    [words.ago(4_000), '4 s ago'],
    [words.grouped(1_234_567), '1,234,567'],
    [words.grouped(999), '999'],
    [words.bytes(340), '340 B'],
    [words.bytes(12_345), '12.3 kB'],
    [words.bytes(999_960), '1.0 MB'],
    [words.bytes(123_456_789), '123 MB'],
    [words.bytes(7.9e12), '7.9 TB'],
    [words.rate(0), '0'],
    [words.rate(0.2), '0.2'],
    [words.rate(1_234), '1,234'],
    [words.share(0, 10), '0 %'],
    [words.share(1, 1_000_000), '< 0.1 %'],
    [words.share(1, 3), '33 %'],
    [words.metres(0.34), '0.3 m'],
    [words.metres(1_500), '1.5 km'],
    [words.latitude(-33.8), '33.80000° S'],
    [words.counted(1, 'proof'), '1 proof'],
  ])('%s', (said, expected) => {
    expect(said).toBe(expected);
  });
});

describe('the Host header', () => {
  it.each([
    '127.0.0.1:9464',
    '[::1]:9464',
    '192.168.1.20',
    'localhost',
    'LOCALHOST:80',
    'gateway-17',
    'gateway-17.local:9464',
  ])('is our own as %s', (host) => {
    expect(isOwnHost(host, 'gateway-17')).toBe(true);
  });

  it.each([
    'rebound.example:9464',
    'localhost.rebound.example',
    '127.0.0.1.rebound.example',
    '',
    undefined,
    'gateway-17.example',
  ])('is foreign as %s', (host) => {
    expect(isOwnHost(host, 'gateway-17')).toBe(false);
  });
});

describe('the track', () => {
  const point = (lat: number, lon: number, gap = false) => ({ t: 0, lat, lon, gap });
  const drawn = (...points: ReturnType<typeof point>[]) => trackPlot([{ source: 'gnss', points }])?.text ?? '';
  const wayOf = (svg: string) => /class="way" d="([^"]*)"/.exec(svg)?.[1] ?? '';

  it('is nothing where no place is known', () => {
    expect(trackPlot([{ source: 'gnss', points: [] }])).toBeUndefined();
  });

  it('has its scale in round lengths', () => {
    expect(drawn(point(47, 8), point(47.018, 8))).toContain('>500 m</text>');
    expect(drawn(point(47, 8))).toContain('>20 m</text>');
  });

  it('crosses the 180th meridian without a leap', () => {
    expect(drawn(point(0, 179.999), point(0, -179.999))).toContain('222 m by 0 m');
  });

  it('is broken where the way is not known', () => {
    expect(wayOf(drawn(point(47, 8), point(47.01, 8), point(47.02, 8, true))).match(/M/g)).toHaveLength(2);
  });

  it('stays within its frame, wherever it is', () => {
    const coordinate = fc.record({
      lat: fc.double({ min: -89, max: 89, noNaN: true }),
      lon: fc.double({ min: -180, max: 180, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 1, maxLength: 20 }), (places) => {
        const near = places.map(({ lat, lon }) => point(places[0]!.lat + lat / 100, lon));
        for (const [, x, y] of wayOf(drawn(...near)).matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(0);
          expect(Number(x)).toBeLessThanOrEqual(300);
          expect(Number(y)).toBeGreaterThanOrEqual(0);
          expect(Number(y)).toBeLessThanOrEqual(236);
        }
      }),
    );
  });
});

const ANSI = new RegExp(`${String.fromCharCode(27)}\\[\\d*m`, 'g');

describe('the terminal', () => {
  const well = sampleStatus();
  const screen = (width: number, colour: boolean, status = well) =>
    drawScreen(makeReport(partsFor(status)), { width, colour });

  it('shows all that the page shows', () => {
    const text = screen(200, false).join('\n');
    for (const { name, value, more } of factsOf(makeReport(partsFor(well)))) {
      expect(text).toContain(name.toLowerCase());
      for (const phrase of [value, ...more]) expect(text).toContain(phrase.text);
    }
    for (const word of ['all is well', 'gnss-spare', 'running', 'Galileo', '48,210', 'restart, time-order', '47.37']) {
      expect(text).toContain(word);
    }
  });

  it.each([40, 80, 120])('cuts its lines to %i columns, with and without colours', (width) => {
    const plain = screen(width, false);
    for (const line of plain) expect([...line].length).toBeLessThanOrEqual(width);
    const coloured = screen(width, true).map((line) => line.replaceAll(ANSI, '').trimEnd());
    expect(coloured).toEqual(plain);
  });

  it('lets no control character of a foreign text through', () => {
    const token = { state: 'recovering', trouble: 'TOKEN\u001b]0;owned\u0007 failed\r\nnext' };
    const text = screen(300, false, { ...well, token }).join('\n');
    expect(text).toContain('TOKEN·]0;owned· failed··next');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('names what is wrong first', () => {
    const lines = screen(200, false, { ...well, uplink: { ...well.uplink, connected: false } });
    expect(lines[2]).toBe('✕ broker  is not connected; 2 proofs wait');
  });
});
