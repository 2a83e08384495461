import type { HttpAnswer, HttpHandler } from '../http-server.ts';
import { type MetricsSource, metricsAnswer } from '../metrics-server.ts';
import { isOwnHost } from './own-host.ts';
import { makeReport, type ReportParts } from './report.ts';

const HTML = 'text/html; charset=utf-8';

/** Everything of the page comes from where it came from itself; nothing is sent anywhere, and no page may frame it. */
const PAGE_POLICY = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
} as const;

const MISDIRECTED: HttpAnswer = {
  status: 421,
  text: "ask by an IP address, as localhost, or by the gateway's own name\n",
};
const NOT_FOUND: HttpAnswer = { status: 404, text: 'see /, /status.json, /metrics and /healthz\n' };

/**
 * What the daemon answers over HTTP: the status page at /, /status.json, /metrics and /healthz. The page and the metrics are loaded
 * when they are first asked for: most gateways are never looked at.
 *
 * The page and the JSON tell where the gateway is, so a question by a foreign name is refused; /metrics and /healthz answer any.
 */
export function statusRoutes(parts: ReportParts): HttpHandler {
  let metrics: Promise<MetricsSource> | undefined;
  const page = async (answer: 'pageOf' | 'partsOf'): Promise<HttpAnswer> => {
    const { pageOf, partsOf } = await import('./document.ts');
    const report = makeReport(parts);
    const text = answer === 'pageOf' ? pageOf(report) : partsOf(report).text;
    return { status: 200, text, type: HTML, headers: PAGE_POLICY };
  };
  return async ({ path, host }) => {
    if (path === '/healthz') return healthAnswer(parts.unhealthy());
    if (path === '/metrics') {
      metrics ??= import('../health/metrics.ts').then(({ createMetrics }) => createMetrics(parts));
      return metricsAnswer(await metrics);
    }
    if (!isOwnHost(host, parts.hostname)) return MISDIRECTED;
    switch (path) {
      case '/':
        return page('pageOf');
      case '/parts':
        return page('partsOf');
      case '/style.css':
        return { status: 200, text: (await import('./style.ts')).STYLE, type: 'text/css; charset=utf-8' };
      case '/script.js':
        return { status: 200, text: (await import('./script.ts')).SCRIPT, type: 'text/javascript; charset=utf-8' };
      case '/status.json':
        return { status: 200, text: `${JSON.stringify(makeReport(parts))}\n`, type: 'application/json' };
      default:
        return NOT_FOUND;
    }
  };
}

const healthAnswer = (reason: string | undefined): HttpAnswer =>
  reason === undefined ? { status: 200, text: 'ok\n' } : { status: 503, text: `${reason.replaceAll('\n', ' ')}\n` };
