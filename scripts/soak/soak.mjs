import { EmbeddedBroker } from '../../dist/demo/embedded-broker.js';
import { Gateway } from '../../dist/gateway.js';
import { createLog, logDestination } from '../../dist/log.js';
import { openSigner } from '../../dist/signing/index.js';
import { openLab, scenarioSchema } from '../../dist/simulator/index.js';
import { runStages } from '../../dist/stages.js';
import { VerifierService } from '../../dist/verifier/index.js';
import { absentDevices, soakDevices, soakScenario } from './devices.mjs';
import { Growth } from './growth.mjs';
import { acceptedBy, checkLedger, sourceLedger } from './ledger.mjs';
import { makeSite } from './site.mjs';

/** Time for the last bytes to be read, once the devices are silent. */
const DRAIN_MS = 3_000;
/** A laden machine may take its time over the last receipts. */
const FAREWELL_MS = 30_000;

const LOOK_MS = 100;

/**
 * Virtual devices with faults of every kind against a gateway and a verifier, for so long; then the books. With `replugs`
 * they only are unplugged and plugged in again, each so many times at least.
 *
 * @returns the ledger, with `balances`
 */
export async function soak({ seconds, replugs, seed, signal, logLevel = 'silent' }) {
  const devices = soakDevices();
  const scenario = scenarioSchema.parse(soakScenario(devices, seed, replugs !== undefined));
  const broker = await EmbeddedBroker.start();
  const lab = openLab({
    scenario,
    files: { lines: new Map(), recordings: new Map() },
    pacesBaud: true,
    waitsForOpener: true,
    now: Date.now(),
  });
  const paths = Object.fromEntries(lab.map(({ name, path }) => [name, path]));
  const site = await makeSite({ devices, paths, brokerUrl: broker.url });
  const receiptSigner = await openSigner(site.verifier.signer);
  const log = createLog(logLevel, logDestination(process.stderr, process.env));
  const books = { proofs: 0, readings: 0 };
  const declared = {};
  const growth = new Growth();
  let status = () => undefined;
  try {
    const gateway = new Gateway(site.daemon, {
      log,
      notify: () => false,
      env: {},
      farewellMs: FAREWELL_MS,
      observer: {
        onReady: (ask) => {
          status = ask;
        },
        onSealed: (proof) => {
          books.proofs += 1;
          books.readings += proof.readings;
          for (const { reason, count } of proof.declared) declared[reason] = (declared[reason] ?? 0) + count;
        },
      },
    });
    const verifier = new VerifierService(site.verifier, { signer: receiptSigner, log });
    const done = new AbortController();
    const services = runStages(done.signal, [[(stop) => gateway.run(stop)], [(stop) => verifier.run(stop)]]);
    growth.start();
    const playing = play({ lab, seconds, replugs, signal }).finally(() => done.abort());
    await Promise.all([services, playing]);
    growth.stop();
    return balance({ status: status(), lab, books, declared, site, seed, growth, seconds: await playing });
  } finally {
    growth.stop();
    for (const device of lab) device.close();
    await receiptSigner.close();
    await broker.stop();
    await site.clear();
  }
}

/** Lets the devices speak, then fall silent and be read to the last byte. Returns for how many seconds they spoke. */
async function play({ lab, seconds, replugs, signal }) {
  const began = performance.now();
  const stop = new AbortController();
  const isEnough = () =>
    replugs === undefined
      ? performance.now() - began >= seconds * 1_000
      : lab.every((device) => device.stats().unplugs >= replugs);
  const timer = setInterval(() => isEnough() && stop.abort(), LOOK_MS);
  signal.addEventListener('abort', () => stop.abort());
  await Promise.all(lab.map((device) => device.play(stop.signal)));
  clearInterval(timer);
  const spoke = Math.round((performance.now() - began) / 100) / 10;
  await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
  return spoke;
}

function balance({ status, lab, books, declared, site, seed, growth, seconds }) {
  for (const device of lab) device.close();
  const played = new Map(lab.map((device) => [device.name, device.stats()]));
  const sources = status.sources.map((one) => sourceLedger({ status: one, device: played.get(one.source) }));
  const accepted = acceptedBy(site.verifier.ledger);
  const facts = {
    ...{ seed, seconds, sources, sealed: { ...books }, declared, accepted },
    waiting: status.sealer.waiting,
    outbox: status.outbox.proofs,
    absent: absentDevices().map(({ source }) => source),
    growth: growth.summary,
  };
  const checks = checkLedger(facts);
  return { ...facts, checks, balances: checks.every(({ ok }) => ok) };
}
