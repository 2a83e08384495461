import type { GatewayStatus } from '../health/index.ts';
import type { Ground } from './ground.ts';
import type { Inputs } from './inputs.ts';
import type { Link } from './link.ts';

/** How the rooms are doing, put together. */
export function statusOf(
  { kid, sealer, signer, outbox, journal, clock, recent, ranMs }: Ground,
  inputs: Inputs,
  link: Link,
): GatewayStatus {
  const { head } = sealer;
  const [oldest] = outbox.pending();
  const { connection, uplink } = link;
  return {
    kid,
    sources: inputs.status(),
    privacyTrouble: inputs.privacyTrouble,
    sealer: sealer.stats,
    token: { state: signer.state, trouble: signer.trouble?.toLine(), holder: signer.holder },
    chain: { epoch: Buffer.from(head.epoch).toString('hex'), seq: 'seq' in head ? head.seq : undefined },
    outbox: {
      proofs: outbox.size,
      bytes: outbox.bytes,
      oldest: oldest?.written,
      quarantined: outbox.stats.rejected + outbox.stats.corrupt,
      ...outbox.health,
    },
    ...(journal.isOn ? { journal: journal.status } : {}),
    uplink: {
      connected: connection.connected,
      published: uplink.stats.published,
      republished: uplink.stats.republished,
      receipts: uplink.stats.receipts,
      badReceipts: Object.values(uplink.stats.badAnswers).reduce((sum, count) => sum + count, 0),
      badReceiptsBy: { ...uplink.stats.badAnswers, 'unknown-proof': uplink.stats.unknownReceipts },
    },
    clock: clock.status(),
    recent: recent.status(),
    started: clock.now() - ranMs,
  };
}

/** One line for `systemctl status`. */
export function statusLine({ sources, outbox, uplink }: GatewayStatus): string {
  const states = sources.map(({ source, state }) => `${source} ${state}`).join(', ');
  return `${states}; ${outbox.proofs} proofs wait; broker ${uplink.connected ? 'connected' : 'away'}`;
}
