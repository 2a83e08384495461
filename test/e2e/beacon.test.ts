import { afterEach, describe, expect, it, vi } from 'vitest';
import { LoraAir } from '../../daemon/simulator/lora-air.ts';
import { PacketForwarder } from '../../daemon/simulator/packet-forwarder.ts';
import { challengeDevice, openLedger } from '../../daemon/verifier/index.ts';
import { freeUdpPort } from '../support/free-port.ts';
import { keptLog } from '../support/kept-log.ts';
import { WholeSite } from '../support/whole-site.ts';

const BEACON = {
  payload: Uint8Array.of(1, 2, 3, 4, 5),
  frequency: 868_300_000,
  spreadingFactor: 9,
  bandwidth: 125_000,
  codingRate: 5,
  power: 14,
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startHotspot() {
  const port = await freeUdpPort();
  const site = await WholeSite.start(
    `ports: [{ source: lora, path: "udp://127.0.0.1:${port}", profile: radio/semtech-packet-forwarder }]`,
  );
  cleanups.push(() => site.stop());
  const air = new LoraAir({ seed: 5, nodes: 4, intervalMs: 2_000 });
  const forwarder = new PacketForwarder({ air, host: '127.0.0.1', port, seed: 5 });
  const stop = new AbortController();
  const forwarding = forwarder.run(stop.signal);
  cleanups.push(async () => {
    stop.abort();
    await forwarding;
  });
  return { site, forwarder };
}

const challenge = async (site: WholeSite, kid = site.kid, now = Date.now()) => {
  const ledger = openLedger(site.verifier.ledger);
  try {
    const { receiptSigner: signer } = site;
    return await challengeDevice(site.verifier, kid, { signer, ledger, log: keptLog(), now, beacon: BEACON });
  } finally {
    ledger.close();
  }
};

describe('a challenge with a beacon', () => {
  it('is transmitted by the radio once, and sealed with what became of it', async () => {
    const { site, forwarder } = await startHotspot();
    await site.until((readings) => expect(readings.map(({ kind }) => kind)).toContain('lora.uplink'));
    // The forwarder opens the way for downlinks every five seconds.
    await vi.waitFor(() => expect(forwarder.stats.pullAcks).toBeGreaterThan(0), { timeout: 20_000 });
    expect(await challenge(site)).toMatchObject({ nonce: expect.any(Uint8Array) });
    await site.until((readings) => {
      const beacons = readings.filter(({ kind }) => kind === 'lora.beacon');
      expect(beacons).toMatchObject([
        { source: 'lora', fields: { result: 0, payload: '0102030405', frequency: 868_300_000, spreadingFactor: 9 } },
      ]);
    });
    expect(forwarder.stats.downlinks).toBe(1);
  });

  it('is refused for a device that nobody admitted', async () => {
    const { site } = await startHotspot();
    expect(await challenge(site, new Uint8Array(32))).toBeUndefined();
  });
});
