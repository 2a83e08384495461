/** Folder of the daemon's configuration; its relative paths start there. */
export const ETC = '/etc/fieldseal';

/** Names that files of the boot partition get in the daemon's folder. */
export const PLACED = { ca: 'broker-ca.pem', cert: 'client.pem', key: 'client.key' };

/** Where the gateway's key lives. */
export function signerUri({ uri, pin }) {
  if (uri === undefined) return 'file:device.key';
  if (pin === undefined) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}pin-source=file:${ETC}/pin`;
}

/** The daemon's configuration as a set-up asks for it; its `config` has the last word, key by key. */
export function daemonConfig({ key, preset, ports, cameras, broker, config }) {
  const { url, username, password, ...files } = broker;
  const tls = Object.fromEntries(Object.keys(files).map((name) => [name, PLACED[name]]));
  return merge(
    {
      signer: { uri: signerUri(key), algorithm: key.algorithm },
      ...defined({ preset, ports, cameras }),
      outbox: { directory: '/var/lib/fieldseal/outbox' },
      mqtt: {
        url,
        ...defined({ username }),
        ...(password === undefined ? {} : { passwordFile: 'mqtt-password' }),
        ...(Object.keys(tls).length === 0 ? {} : { tls }),
      },
      verifier: { publicKeyFile: 'verifier.json' },
    },
    config,
  );
}

/** Where the set-up file says what the daemon's configuration has at `place`, such as `mqtt.url`. */
export function setupPlace(place, { config }) {
  const steps = place.split(/[.[\]]+/).filter((step) => step !== '');
  if (holds(config, steps)) return `config.${place}`;
  for (const [ours, theirs] of PLACES) if (place.startsWith(ours)) return theirs + place.slice(ours.length);
  return AS_IS.has(steps[0]) ? place : `config.${place}`;
}

const PLACES = [
  ['mqtt.passwordFile', 'broker.password'],
  ['mqtt.tls', 'broker'],
  ['mqtt.url', 'broker.url'],
  ['mqtt.username', 'broker.username'],
  ['signer.uri', 'key.uri'],
  ['signer.algorithm', 'key.algorithm'],
  ['verifier.publicKeyFile', 'verifier'],
];
const AS_IS = new Set(['preset', 'ports', 'cameras']);

function holds(value, [step, ...rest]) {
  if (step === undefined) return true;
  return typeof value === 'object' && value !== null && Object.hasOwn(value, step) && holds(value[step], rest);
}

function merge(base, over) {
  if (!isMap(base) || !isMap(over)) return over;
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    merged[name] = Object.hasOwn(base, name) ? merge(base[name], value) : value;
  }
  return merged;
}

const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const defined = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
