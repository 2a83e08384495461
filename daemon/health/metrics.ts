import { collectDefaultMetrics, Registry } from 'prom-client';
import { deliveryMetrics } from './delivery-metrics.ts';
import { hostMetrics } from './host-metrics.ts';
import { portMetrics } from './port-metrics.ts';
import { Registrar } from './registrar.ts';
import { sealingMetrics } from './sealing-metrics.ts';
import type { GatewayStatus } from './status.ts';

/** What the metrics are read from whenever they are asked for. */
export interface MetricsParts {
  readonly status: () => GatewayStatus;
  /** The gateway's time, ms since the Unix epoch. */
  readonly now: () => number;
  /** Why the watchdog is not fed; undefined while it is. */
  readonly unhealthy: () => string | undefined;
  readonly software: { readonly name: string; readonly version: string };
}

/** The gateway's metrics for Prometheus, and those of its process. */
export function createMetrics({ status, now, unhealthy, software }: MetricsParts): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registrar = new Registrar(registry);
  registrar.gauges('build_info', 'The version that runs: 1', ['version', 'node'], () => [
    [1, { version: software.version, node: process.version }],
  ]);
  registrar.gauge('healthy', '1 while every room makes progress', () => (unhealthy() === undefined ? 1 : 0));
  portMetrics(registrar, status);
  sealingMetrics(registrar, status);
  deliveryMetrics(registrar, status, now);
  hostMetrics(registrar, status);
  return registry;
}
