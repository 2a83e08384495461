import { by, type Registrar, type Sample } from './registrar.ts';
import type { GatewayStatus, SourceStatus } from './status.ts';

/** What each port and camera does. */
export function portMetrics(registrar: Registrar, status: () => GatewayStatus): void {
  const each = function* (of: (source: SourceStatus) => Iterable<Sample>): Iterable<Sample> {
    for (const source of status().sources) {
      for (const [value, labels] of of(source)) yield [value, { source: source.source, ...labels }];
    }
  };
  const counter = (name: string, help: string, value: (source: SourceStatus) => number | undefined) =>
    registrar.counters(name, help, ['source'], () =>
      each((source) => {
        const now = value(source);
        return now === undefined ? [] : [[now, {}]];
      }),
    );
  registrar.gauges('port_state', 'The state that a port is in: 1', ['source', 'state'], () =>
    each(({ state }) => [[1, { state }]]),
  );
  counter('port_bytes_total', 'Bytes read', ({ bytes }) => bytes);
  counter('port_reopens_total', 'Times an open port was opened anew', ({ reopens }) => reopens);
  counter('port_overflow_bytes_total', 'Bytes dropped, as they came too fast', ({ overflowBytes }) => overflowBytes);
  registrar.counters('frames_total', 'Valid frames', ['source', 'framing'], () =>
    each(({ frames }) => by('framing', frames)),
  );
  registrar.counters('noise_bytes_total', 'Bytes that made no message', ['source', 'reason'], () =>
    each(({ noise }) => by('reason', noise)),
  );
  counter('port_sent_bytes_total', 'Bytes sent to the device', ({ sent = 0 }) => sent);
  counter(
    'port_send_failures_total',
    'Writes to the device that did not go out',
    ({ sendFailures = 0 }) => sendFailures,
  );
  registrar.gauges('port_configured', 'Where the configuration of the device stands: 1', ['source', 'configured'], () =>
    each(({ configured }) => (configured === undefined ? [] : [[1, { configured }]])),
  );
  counter(
    'readings_implausible_total',
    'Readings kept that the profile calls implausible',
    ({ implausible = 0 }) => implausible,
  );
  counter(
    'evidence_lost_bytes_total',
    'Raw bytes hashed but not kept on disk',
    ({ evidenceLostBytes }) => evidenceLostBytes,
  );
  registrar.counters('readings_total', 'Readings kept', ['source', 'kind'], () =>
    each(({ readings }) => by('kind', readings)),
  );
  skyMetrics(registrar, status);
}

function skyMetrics(registrar: Registrar, status: () => GatewayStatus): void {
  const sky = () => status().recent?.sky ?? [];
  registrar.gauges('gnss_satellites_in_view', 'Satellites that the receiver has in view', ['source'], () =>
    sky().map(({ source, satellites }): Sample => [satellites.length, { source }]),
  );
  registrar.gauges('gnss_satellites_used', 'Satellites in view that the receiver uses', ['source'], () =>
    sky().map(({ source, satellites }): Sample => [satellites.filter(({ used }) => used).length, { source }]),
  );
}
