import { type Finding, findingsOf, type GatewayStatus } from '../health/index.ts';

/** What /status.json tells: the gateway's status, whose it is, and what to think of it. */
export interface StatusReport extends GatewayStatus {
  readonly software: { readonly name: string; readonly version: string };
  readonly hostname: string;
  /** The gateway's time, ms since the Unix epoch. */
  readonly now: number;
  /** Why /healthz says no; undefined while every room makes progress. */
  readonly unhealthy: string | undefined;
  readonly findings: readonly Finding[];
}

/** What a report is made from. */
export interface ReportParts {
  readonly status: () => GatewayStatus;
  /** The gateway's time, ms since the Unix epoch. */
  readonly now: () => number;
  /** Why the watchdog is not fed; undefined while it is. */
  readonly unhealthy: () => string | undefined;
  readonly software: { readonly name: string; readonly version: string };
  readonly hostname: string;
}

export function makeReport({ status, now, unhealthy, software, hostname }: ReportParts): StatusReport {
  const at = now();
  const current = status();
  const why = unhealthy();
  const stuck: Finding[] = why === undefined ? [] : [{ level: 'bad', area: 'daemon', text: why }];
  return {
    ...current,
    software,
    hostname,
    now: at,
    unhealthy: why,
    findings: [...stuck, ...findingsOf(current, at)],
  };
}
