import { createSocket } from 'node:dgram';
import { setMaxListeners } from 'node:events';
import { createServer } from 'node:net';
import { Track, VirtualDevice } from '../../dist/simulator/index.js';
import { DaemonProcess, wait } from './daemon-process.mjs';
import { round } from './measure.mjs';
import { beastFrame, loraDatagram, SQUITTERS } from './radio.mjs';

const GNSS_PORTS = 16;
const LORA_PER_SECOND = 200;
const BEAST_PER_SECOND = 2_000;
const TICK_MS = 50;
/** By then the heap has found its level, and the hot code is compiled. */
const SETTLE_MS = 180_000;
const SAMPLE_MS = 5_000;
const UDP_PORT = 17_700;

const PROFILE = (name, protocol, kinds) => `id: bench/${name}
title: Every reading of ${protocol}
protocol: ${protocol}
network: { silence: 10s }
readings: { ${kinds.replaceAll(',', ': {},')}: {} }
`;

/** A busy gateway: 16 receivers at 10 Hz, 200 LoRa packets and 2,000 Mode S messages a second, every reading kept. */
export async function benchLoad(minutes = Number(process.env.FIELDSEAL_BENCH_MINUTES ?? 1)) {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const start = Date.now();
  const receivers = Array.from(
    { length: GNSS_PORTS },
    (_, i) =>
      new VirtualDevice({
        model: 'ublox',
        rateHz: 10,
        track: new Track({ start, seed: i }),
        baudRate: 115_200,
        name: `gnss-${i}`,
      }),
  );
  const ports = receivers.map((receiver, i) => ({
    source: `gnss-${i}`,
    path: receiver.open(),
    profile: 'gnss/ublox-neo-m9n',
  }));
  const beast = await serveBeast(stop.signal);
  const daemon = new DaemonProcess();
  const running = receivers.map((receiver) => receiver.run(stop.signal));
  try {
    await daemon.start(
      [
        ...ports,
        { source: 'lora', path: `udp://127.0.0.1:${UDP_PORT}`, profile: 'bench/lora' },
        { source: 'adsb', path: `tcp://127.0.0.1:${beast}`, profile: 'bench/adsb' },
      ],
      {
        'bench/lora.yaml': PROFILE('lora', 'semtech-udp', 'lora.uplink'),
        'bench/adsb.yaml': PROFILE('adsb', 'adsb', 'adsb.squitter, adsb.position'),
      },
    );
    await daemon.firstFrameMs();
    sendLoRa(stop.signal);
    await wait(SETTLE_MS);
    const [cpu, readings] = [await daemon.cpuSeconds(), daemon.readings];
    const rss = [];
    for (let minute = 0; minute < minutes; minute += 1) rss.push(await medianRss(daemon, 60_000));
    const used = (await daemon.cpuSeconds()) - cpu;
    return {
      minutes,
      readingsPerSecond: round((daemon.readings - readings) / (minutes * 60)),
      cpuPercentOfOneCore: round((100 * used) / (minutes * 60)),
      rssMegabytesByMinute: rss.map(round),
    };
  } finally {
    await daemon.stop();
    stop.abort();
    await Promise.all(running);
  }
}

/** Between two collections of garbage the memory rises and falls: one look says little. */
async function medianRss(daemon, ms) {
  const samples = [];
  for (let passed = 0; passed < ms; passed += SAMPLE_MS) {
    await wait(SAMPLE_MS);
    samples.push(await daemon.rssMegabytes());
  }
  return samples.sort((a, b) => a - b)[samples.length >> 1];
}

/** A server like readsb's Beast output; gives its port. */
async function serveBeast(signal) {
  const frames = SQUITTERS.map((message) => beastFrame(Buffer.from(message, 'hex')));
  const perTick = (BEAST_PER_SECOND * TICK_MS) / 1_000;
  const burst = Buffer.concat(Array.from({ length: perTick }, (_, i) => frames[i % frames.length]));
  const server = createServer((socket) => {
    const timer = setInterval(() => socket.write(burst), TICK_MS);
    socket.on('error', () => {});
    socket.on('close', () => clearInterval(timer));
  });
  signal.addEventListener('abort', () => server.close());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

function sendLoRa(signal) {
  const socket = createSocket('udp4');
  const datagram = loraDatagram();
  const timer = setInterval(() => {
    for (let i = 0; i < (LORA_PER_SECOND * TICK_MS) / 1_000; i += 1) socket.send(datagram, UDP_PORT, '127.0.0.1');
  }, TICK_MS);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    socket.close();
  });
}
