import { type HttpAnswer, type HttpHandler, type HttpServerOptions, serveHttp } from './http-server.ts';

/** What Prometheus is told: a prom-client Registry, or anything like it. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** The answer to GET /metrics, in Prometheus' text format. */
export const metricsAnswer = async (source: MetricsSource): Promise<HttpAnswer> => ({
  status: 200,
  text: await source.metrics(),
  type: source.contentType,
});

/**
 * Serves GET /metrics and GET /healthz ("ok" while the event loop turns) at `listen` until the signal.
 *
 * @throws FieldsealError LISTEN_FAILED where the address is taken, not this machine's, or not allowed
 */
export function serveMetrics(
  listen: string,
  source: MetricsSource,
  signal: AbortSignal,
  options: HttpServerOptions = {},
): Promise<void> {
  const handle: HttpHandler = ({ path }) => {
    if (path === '/healthz') return { status: 200, text: 'ok\n' };
    if (path === '/metrics') return metricsAnswer(source);
    return { status: 404, text: 'see /metrics and /healthz\n' };
  };
  return serveHttp(listen, handle, signal, options);
}
