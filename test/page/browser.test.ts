import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serveHttp } from '../../daemon/http-server.ts';
import { type ReportParts, statusRoutes } from '../../daemon/page/index.ts';
import { hasChromium, openChromium, withoutChromium } from '../support/chromium.ts';
import { freePort, Mosquitto } from '../support/mosquitto.ts';
import { runProgram, type ServiceProcess } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { partsFor, sampleStatus } from './sample.ts';

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await openChromium();
});
afterAll(() => browser?.close());

/** A page with what went wrong on it: console errors, and requests to anywhere but its own host. */
async function visit(url: string, options: BrowserContextOptions = {}) {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol !== 'data:' && to.origin !== new URL(url).origin) complaints.push(`asks ${to.href}`);
  });
  await page.goto(url);
  return { page, complaints, [Symbol.asyncDispose]: () => page.close() };
}

/** Serves a status of our own making. */
async function served(parts: ReportParts) {
  const stop = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const { port } = await new Promise<AddressInfo>((resolve) => {
    const onListening = (address: AddressInfo | string) => typeof address === 'object' && resolve(address);
    ended = serveHttp('127.0.0.1:0', statusRoutes(parts), stop.signal, { onListening });
  });
  const end = async () => {
    stop.abort();
    await ended;
  };
  return { url: `http://127.0.0.1:${port}/`, end, [Symbol.asyncDispose]: end };
}

/** Opens all that can be opened, and gives the contrast of every text with its ground. */
const CONTRASTS = readFileSync(new URL('contrast.js', import.meta.url), 'utf8');

interface Contrast {
  readonly text: string;
  readonly colour: string;
  readonly ground: string;
  readonly ratio: number;
}

const asOf = (page: Page) => page.locator('[data-part="asof"]').textContent();

/** Resolves when the script has exchanged the page's parts. */
async function refreshed(page: Page): Promise<void> {
  const before = (await asOf(page)) ?? '';
  await page.locator('[data-part="asof"]').filter({ hasNotText: before }).waitFor();
}

describe.skipIf(!hasChromium)(`the status page of a running daemon, in Chromium${withoutChromium}`, () => {
  let broker: Mosquitto;
  let site: Site;
  let daemon: ServiceProcess;
  let url: string;

  beforeAll(async () => {
    broker = await Mosquitto.start();
    const listen = `127.0.0.1:${await freePort()}`;
    url = `http://${listen}/`;
    site = await Site.make({ brokerUrl: broker.url, daemon: { health: { interval: '1s', listen } } });
    await site.startVerifier();
    daemon = await site.startDaemon();
    await vi.waitFor(() => fetch(url));
  }, 120_000);

  afterAll(async () => {
    await site?.dispose();
    await broker?.stop();
  });

  it('shows ports, sky, track, receipts, token, clock and host as they become known, without being loaded anew', async () => {
    await using visited = await visit(url);
    const { page, complaints } = visited;
    await page.evaluate('globalThis.isSame = true');
    await page.locator('[data-part="receipts"] .mark.ok >> text=accepted').first().waitFor();
    await page.locator('[data-part="ports"] tr:has-text("gnss") .mark.ok >> text=running').waitFor();
    expect(await page.locator('svg.sky .shape').count()).toBeGreaterThan(4);
    expect(await page.locator('svg.track .to').count()).toBe(1);
    const tiles = await page.locator('.tiles').textContent();
    for (const name of ['Readings', 'Outbox', 'Broker', 'Last proof', 'Token', 'Clock', 'Host'])
      expect(tiles).toContain(name);
    expect(tiles).toContain('connected');
    await refreshed(page);
    expect(await page.evaluate('globalThis.isSame')).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('keeps open what was opened, and the focus on it, when it is refreshed', async () => {
    await using visited = await visit(url);
    const { page } = visited;
    await page.locator('details summary').first().waitFor();
    await page.locator('details summary').first().focus();
    await page.keyboard.press('Enter');
    await refreshed(page);
    expect(await page.locator('details[open] tbody tr').count()).toBeGreaterThan(4);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('SUMMARY');
  });

  it('is there without scripts too, and reloads itself', async () => {
    await using visited = await visit(url, { javaScriptEnabled: false });
    const { page } = visited;
    expect(await page.locator('h1').textContent()).not.toBe('');
    expect(await page.locator('[data-part="ports"] tbody tr').count()).toBe(1);
    const first = await asOf(page);
    await page.waitForEvent('load', { timeout: 20_000 });
    expect(await asOf(page)).not.toBe(first);
  });

  it('shows the same in a terminal', async () => {
    const socket = new URL(url).host;
    const { code, stdout } = await runProgram(['status', '--socket', socket]);
    expect(code).toBe(0);
    for (const word of [site.kid.slice(0, 12), 'gnss', 'running', 'accepted', 'connected'])
      expect(stdout).toContain(word);
    const { stdout: json } = await runProgram(['status', '--json', '--config', site.daemonConfig]);
    expect(JSON.parse(json)).toMatchObject({ kid: site.kid, uplink: { connected: true } });
  });

  it('says that the daemon is gone, and so does the terminal', async () => {
    await using visited = await visit(url);
    const { page } = visited;
    await daemon.stop();
    await page.getByRole('alert').getByText('does not answer').waitFor();
    expect(await page.locator('body.stale').count()).toBe(1);
    const { code, stderr } = await runProgram(['status', '--socket', new URL(url).host]);
    expect([code, stderr]).toEqual([75, expect.stringMatching(/^DAEMON_NOT_RUNNING 127/)]);
  });
});

const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>'"&`;

describe.skipIf(!hasChromium)(`the status page in Chromium${withoutChromium}`, () => {
  const well = sampleStatus();
  const ill = sampleStatus({
    sources: well.sources.map((source) => ({ ...source, state: 'unplugged' })),
    token: { state: 'pin-latched', trouble: HOSTILE, holder: HOSTILE },
    outbox: { ...well.outbox, durable: false, trouble: 'ENOSPC', held: 12, quarantined: 3 },
    journal: { readings: 1, bytes: 1, durable: false, trouble: 'ENOSPC' },
    clock: { source: 'none', uncertaintyMs: 3_600_000, known: false },
    uplink: { ...well.uplink, connected: false, badReceipts: 3 },
  });

  it.each(['light', 'dark'] as const)(
    'has a contrast of 4.5 and more for every text when it is %s, well or ill',
    async (colorScheme) => {
      for (const status of [well, ill]) {
        await using server = await served(partsFor(status));
        await using visited = await visit(server.url, { colorScheme });
        const found = await visited.page.evaluate<Contrast[]>(CONTRASTS);
        expect(found.length).toBeGreaterThan(50);
        expect(found.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      }
    },
  );

  it('is dark where the reader wants it dark', async () => {
    await using server = await served(partsFor(well));
    const grounds: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await using visited = await visit(server.url, { colorScheme });
      grounds.push(await visited.page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
    }
    expect(grounds).toEqual(['rgb(244, 245, 247)', 'rgb(15, 19, 24)']);
  });

  it.each([360, 414, 768, 1_280])('fits %i pixels without being moved sideways', async (width) => {
    for (const status of [well, ill]) {
      await using server = await served(partsFor(status));
      await using visited = await visit(server.url, { viewport: { width, height: 800 } });
      const wide = await visited.page.evaluate<number[]>(
        `[document.documentElement, ...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)`,
      );
      expect(wide).toEqual([0, 0, 0, 0]);
    }
  });

  it('shows foreign texts as texts', async () => {
    const { recent } = well;
    const named = (source: string) => source.replace('gnss', HOSTILE);
    await using server = await served(
      partsFor(
        {
          ...ill,
          sources: ill.sources.map((one) => ({ ...one, source: named(one.source), state: HOSTILE })),
          recent: {
            ...recent!,
            sky: recent!.sky.map((one) => ({ ...one, source: HOSTILE })),
            fixes: recent!.fixes.map((one) => ({ ...one, source: HOSTILE, mode: HOSTILE })),
            receipts: recent!.receipts.map((one) => ({ ...one, verdict: HOSTILE, reasons: [HOSTILE], epoch: HOSTILE })),
          },
        },
        { hostname: HOSTILE, unhealthy: () => HOSTILE },
      ),
    );
    await using visited = await visit(server.url);
    const { page, complaints } = visited;
    await page.waitForResponse((response) => response.url().endsWith('/parts'));
    expect(await page.locator('img, script:not([src])').count()).toBe(0);
    expect(await page.title()).toBe(`${HOSTILE} · Fieldseal`);
    expect(await page.locator('h1').textContent()).toBe(HOSTILE);
    expect(complaints).toEqual([]);
  });

  it('can be heard: headings, table headers and names for all that is drawn', async () => {
    await using server = await served(partsFor(well));
    await using visited = await visit(server.url);
    const { page } = visited;
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('h2').allTextContents()).toEqual([
      ...['Ports', 'Satellites in view', 'Track of the last hour', 'Last receipts'],
    ]);
    for (const name of [
      'Ports',
      'Satellites in view',
      'Track of the last hour',
      'Last receipts',
      'State',
      'At a glance',
    ]) {
      expect(await page.getByRole('region', { name }).count(), name).toBe(1);
    }
    expect(await page.locator('svg:not([role="img"][aria-label]):not([aria-hidden="true"])').count()).toBe(0);
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    expect(await page.locator('html[lang="en"]').count()).toBe(1);
    expect(await page.getByRole('status').textContent()).toContain('All is well');
  });
});
