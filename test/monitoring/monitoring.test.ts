import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../daemon/health/metrics.ts';
import { partsFor, sampleStatus } from '../page/sample.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const ALERTS = pathOf('docs/monitoring/fieldseal-alerts.yaml');
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const withoutPromtool = hasPromtool ? '' : ' (skipped: no promtool)';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}
const dashboard: { panels: Panel[]; templating: { list: { name: string }[] } } = JSON.parse(
  readFileSync(pathOf('docs/monitoring/fieldseal-dashboard.json'), 'utf8'),
);
const { rules }: { rules: { alert: string; expr: string; annotations: { runbook: string } }[] } = parse(
  readFileSync(ALERTS, 'utf8'),
).groups[0];
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [`panel ${title}`, expr] as const),
);

const metrics = async (): Promise<string> => createMetrics(partsFor(sampleStatus())).metrics();

/** Names of metrics in PromQL: what stands before a brace, or a bare word with an underscore; labels, strings and groupings left out. */
function namesIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, '')
    .replaceAll(/\{[^}]*\}/g, '');
  return (
    bare.match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g)?.filter((name) => !name.startsWith('__') && name !== '__rate_interval') ??
    []
  );
}

describe('the dashboard and the alerts', () => {
  const all = [...expressions, ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const)];

  it.each(all)('know only metrics that the daemon has: %s', async (_, expr) => {
    const known = new Set([...(await metrics()).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
    const names = namesIn(expr);
    expect(names.length + (expr.startsWith('up') ? 1 : 0)).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('ask only for labels that their metrics have', async () => {
    const text = await metrics();
    const labels = ['verdict', 'reason', 'state', 'source', 'framing', 'version', 'clock'];
    for (const [place, expr] of all) {
      for (const label of labels.filter((one) => new RegExp(`\\b${one}[!=]`).test(expr))) {
        const lines = namesIn(expr).flatMap((name) => text.split('\n').filter((line) => line.startsWith(`${name}{`)));
        expect(
          lines.some((line) => line.includes(`${label}="`)),
          `${place} ${label}`,
        ).toBe(true);
      }
    }
  });

  it('lay panels side by side, none over another, and choose by data source and gateway', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance']);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  it.each(rules.map(({ alert, annotations }) => [alert, annotations.runbook]))('%s has its runbook', (_, runbook) => {
    const [file = '', anchor] = runbook.split('#');
    const headings = readFileSync(pathOf(file), 'utf8').match(/^#+ .+$/gm) ?? [];
    const anchors = headings.map((heading) =>
      heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(anchors).toContain(anchor);
  });

  it.skipIf(!hasPromtool)(`are rules as Prometheus has them${withoutPromtool}`, () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', ALERTS], { encoding: 'utf8' });
    expect([status, stderr], stdout).toEqual([0, '']);
  });

  it.skipIf(!hasPromtool)(`fire when they should, and only then${withoutPromtool}`, () => {
    const { status, stderr } = spawnSync('promtool', ['test', 'rules', pathOf('test/monitoring/alerts.yaml')], {
      encoding: 'utf8',
    });
    expect(stderr).not.toContain('FAILED');
    expect(status).toBe(0);
  });
});
