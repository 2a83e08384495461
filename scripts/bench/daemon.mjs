import { Track, VirtualDevice } from '../../dist/simulator/index.js';
import { DaemonProcess, wait } from './daemon-process.mjs';
import { round } from './measure.mjs';

const SETTLE_MS = 10_000;
const MEASURE_MS = 30_000;

/** Resident memory and processor time of the daemon, with one 10 Hz u-blox receiver and batches of 10 s. */
export async function benchDaemon() {
  const track = new Track({ start: Date.now(), seed: 3 });
  const device = new VirtualDevice({ model: 'ublox', rateHz: 10, track, baudRate: 115_200 });
  const path = device.open();
  const stop = new AbortController();
  const driving = device.run(stop.signal);
  const daemon = new DaemonProcess();
  try {
    await daemon.start([{ source: 'gnss', path, profile: 'gnss/ublox-neo-m9n' }]);
    const startToFirstFrameMs = Math.round(await daemon.firstFrameMs());
    await wait(SETTLE_MS);
    const before = await daemon.cpuSeconds();
    await wait(MEASURE_MS);
    const cpu = (await daemon.cpuSeconds()) - before;
    return {
      rssMegabytes: round(await daemon.rssMegabytes()),
      cpuPercentOfOneCore: round((100 * cpu) / (MEASURE_MS / 1_000)),
      startToFirstFrameMs,
    };
  } finally {
    await daemon.stop();
    stop.abort();
    await driving;
  }
}
