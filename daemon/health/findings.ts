import type { GatewayStatus, SourceStatus } from './status.ts';

/** Something about the gateway that an operator should know: the page, the terminal and the alerts call it the same. */
export interface Finding {
  /** `bad`: something does not work. `note`: it works, and should be looked at. */
  readonly level: 'bad' | 'note';
  /** The room that it is about: token, disk, journal, port NAME, broker, clock, verifier, host. */
  readonly area: string;
  readonly text: string;
}

/** What a port does that is as it should be. */
const WELL: ReadonlySet<string> = new Set(['running', 'opening', 'closed']);
const TOKEN_WELL: ReadonlySet<string> = new Set(['ready', 'opening', 'closed']);
/** With the broker there, receipts come within seconds; the uplink repeats after a minute. */
const OLD_MS = 15 * 60_000;
const HOT_MILLICELSIUS = 80_000;
const DISK_SHARE = 0.05;

/**
 * What is not as it should be, the worst first; empty where all is well.
 *
 * @param now ms since the Unix epoch, by the gateway's clock
 */
export function findingsOf(status: GatewayStatus, now: number): Finding[] {
  const all = [
    ...tokenFindings(status),
    ...diskFindings(status),
    ...status.sources.flatMap(portFindings),
    ...deliveryFindings(status, now),
    ...verdictFindings(status),
    ...clockFindings(status),
    ...hostFindings(status),
  ];
  return [...all.filter(({ level }) => level === 'bad'), ...all.filter(({ level }) => level === 'note')];
}

const bad = (area: string, text: string): Finding => ({ level: 'bad', area, text });
const note = (area: string, text: string): Finding => ({ level: 'note', area, text });

function tokenFindings({ token, sealer }: GatewayStatus): Finding[] {
  const trouble = token?.trouble ?? sealer.trouble;
  if (trouble !== undefined) return [bad('token', `does not sign, readings wait: ${trouble}`)];
  if (token === undefined || TOKEN_WELL.has(token.state)) return [];
  return [bad('token', `is ${token.state}, readings wait`)];
}

function diskFindings({ outbox, journal, privacyTrouble }: GatewayStatus): Finding[] {
  const found: Finding[] = [];
  if (outbox.durable === false) {
    const held = outbox.held === undefined ? '' : `, ${outbox.held} proofs are in memory alone`;
    found.push(bad('disk', `takes no proofs${held}${outbox.trouble === undefined ? '' : `: ${outbox.trouble}`}`));
  }
  if (journal?.durable === false) {
    found.push(bad('journal', `is not on the disk${journal.trouble === undefined ? '' : `: ${journal.trouble}`}`));
  }
  if (privacyTrouble !== undefined) {
    found.push(bad('privacy', `hidden times are in memory alone: ${privacyTrouble}`));
  }
  if (outbox.quarantined > 0) {
    found.push(note('outbox', `${outbox.quarantined} proofs are in quarantine: rejected by the verifier, or damaged`));
  }
  return found;
}

function portFindings({
  source,
  state,
  configured,
  configureFailures = [],
  evidenceLostBytes = 0,
  trouble,
}: SourceStatus): Finding[] {
  const found: Finding[] = [];
  if (!WELL.has(state)) found.push(bad(`port ${source}`, `is ${state}`));
  if (configured === 'failed') {
    found.push(note(`port ${source}`, `the device did not take its configuration: ${configureFailures.join(', ')}`));
  }
  if (trouble !== undefined) found.push(bad(`port ${source}`, `what it keeps is not on the disk: ${trouble}`));
  if (evidenceLostBytes > 0)
    found.push(note(`port ${source}`, `${evidenceLostBytes} bytes of evidence are not on the disk`));
  return found;
}

function deliveryFindings({ uplink, outbox }: GatewayStatus, now: number): Finding[] {
  const age = outbox.oldest === undefined ? 0 : now - outbox.oldest;
  if (!uplink.connected) return [bad('broker', `is not connected; ${outbox.proofs} proofs wait`)];
  return age > OLD_MS
    ? [bad('verifier', `the oldest proof has waited ${Math.round(age / 60_000)} min for its receipt`)]
    : [];
}

function verdictFindings({ recent }: GatewayStatus): Finding[] {
  const last = recent?.receipts[0];
  if (last === undefined || (last.verdict !== 'flagged' && last.verdict !== 'rejected')) return [];
  return [note('verifier', `${last.verdict} the last proof: ${last.reasons.join(', ')}`)];
}

function clockFindings({ clock }: GatewayStatus): Finding[] {
  if (clock.known === false) return [note('clock', 'nobody vouches for the time yet')];
  return clock.source === 'none' ? [note('clock', 'nobody vouches for the time')] : [];
}

function hostFindings({ recent }: GatewayStatus): Finding[] {
  const host = recent?.host;
  if (host === undefined) return [];
  const found: Finding[] = [];
  if (host.underVoltage === 1) found.push(bad('host', 'the supply voltage is too low'));
  if (host.throttled === 1) found.push(note('host', 'the processor is slowed by heat or voltage'));
  if ((host.cpuTemperature ?? 0) > HOT_MILLICELSIUS) found.push(note('host', 'the processor is hot'));
  const { diskAvailable, diskTotal } = host;
  if (diskAvailable !== undefined && diskTotal !== undefined && diskAvailable < DISK_SHARE * diskTotal) {
    found.push(bad('host', 'the disk is nearly full'));
  }
  return found;
}
