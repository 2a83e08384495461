import { PROTOCOLS } from '../../dist/protocols/index.js';

/** The longest silence that a device falls into, and the least that a port waits before it is opened anew. */
const SILENCE = '30s';
/** Stay below it: whoever opens a port anew throws away what waits in it, and nobody can say how much that was. */
const LONGEST_STALL = 5;

/**
 * Six devices as a gateway may have them: what plays each, and the profile that reads it. One whose protocol this build
 * lacks is left out.
 */
const DEVICES = [
  {
    source: 'rover',
    protocol: 'gnss',
    device: { model: 'ublox', rate: 10, baudRate: 115_200 },
    readings: { 'gnss.fix': {}, 'gnss.sky': { every: '2s' }, 'gnss.integrity': { every: '5s' }, 'imu.sample': {} },
  },
  {
    source: 'receiver',
    protocol: 'gnss',
    device: { model: 'nmea', rate: 5, baudRate: 57_600 },
    readings: { 'gnss.fix': {}, 'gnss.sky': { every: '1s' } },
  },
  {
    source: 'dashcam',
    protocol: 'gnss',
    device: { model: 'dashcam', rate: 2, baudRate: 115_200 },
    readings: { 'gnss.fix': {}, 'imu.sample': {} },
  },
  {
    source: 'radio',
    protocol: 'wio-e5',
    device: { model: 'wio-e5', nodes: 20, interval: '10s', baudRate: 9_600 },
    readings: { 'lora.uplink': {} },
  },
  {
    source: 'sky',
    protocol: 'adsb',
    device: { model: 'beast', aircraft: 12, baudRate: 921_600 },
    readings: { 'adsb.squitter': {}, 'adsb.position': {} },
  },
  {
    source: 'modem',
    protocol: 'at-modem',
    device: { model: 'at-modem', dialect: 'quectel', baudRate: 115_200, cell: '15s' },
    settings: { dialect: 'quectel', interval: '2s' },
    readings: { 'cell.serving': {}, 'cell.neighbour': {} },
  },
];

export const soakDevices = () => DEVICES.filter(({ protocol }) => Object.hasOwn(PROTOCOLS, protocol));

export const absentDevices = () => DEVICES.filter(({ protocol }) => !Object.hasOwn(PROTOCOLS, protocol));

/** How a device is pulled and put back as often as can be: half a second between, in which each speaks several times. */
const REPLUGGING = 'unplug=0.6/0.15';
const REPLUGGING_RATE = 5;

/** The scenario of the devices, each with faults of its own, drawn from the seed; or with none but being unplugged. */
export function soakScenario(devices, seed, isReplugging) {
  const random = generator(seed);
  const paced = (device) =>
    isReplugging && device.rate !== undefined ? { ...device, rate: Math.max(device.rate, REPLUGGING_RATE) } : device;
  const faultsOf = (device) => (isReplugging ? REPLUGGING : randomFaults(device, random));
  return {
    seed,
    devices: Object.fromEntries(
      devices.map(({ source, device }) => [source, { ...paced(device), faults: faultsOf(device) }]),
    ),
  };
}

export function profileYaml({ source, protocol, device, settings, readings }) {
  return JSON.stringify({
    id: `soak/${source}`,
    title: `Soak: ${source}`,
    protocol,
    serial: { baudRates: [device.baudRate], silence: SILENCE },
    ...(settings === undefined ? {} : { settings }),
    readings,
  });
}

function randomFaults({ model }, random) {
  const between = (low, high) => low + random() * (high - low);
  const share = (low, high) => between(low, high).toPrecision(2);
  const spell = (every, low, high) => `${Math.round(between(every, 2 * every))}/${between(low, high).toFixed(1)}`;
  const faults = [
    `flip=${share(1e-5, 4e-4)}`,
    `drop=${share(1e-5, 4e-4)}`,
    `garbage=${share(0.001, 0.02)}`,
    `half=${share(0.001, 0.01)}`,
    `stall=${spell(15, 0.5, LONGEST_STALL)}`,
    `unplug=${spell(10, 0.3, 3)}`,
    `storm=${spell(12, 0.2, 0.6)}`,
  ];
  if (random() < 0.5) faults.push('renumber');
  if (model === 'nmea') faults.push('jump=20/-7200');
  if (model === 'dashcam') faults.push('rollover=30');
  if (model === 'ublox') faults.push('deaf');
  return faults.join(',');
}

/** Numbers in [0, 1): a linear congruential generator (Numerical Recipes, ranqd1) is random enough to plan faults. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
