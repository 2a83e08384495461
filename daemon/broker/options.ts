import { readFile } from 'node:fs/promises';
import type { IClientOptions } from 'mqtt';
import type { MqttConfig } from '../config/mqtt.ts';
import { FieldsealError } from '../errors.ts';
import { messageOf } from './failure.ts';

/** What the broker publishes for us, retained: `online` at each connection, `offline` when it ends or breaks. */
export interface StatusMessages {
  readonly topic: string;
  readonly online: string;
  readonly offline: string;
}

export interface ClientIdentity {
  readonly clientId: string;
  /** How long the broker keeps our subscriptions and messages while we are away; 0 for a clean session. */
  readonly sessionExpirySeconds: number;
  readonly receiveMaximum: number;
  readonly status: StatusMessages | undefined;
}

/** We take no packet larger than this; the broker learns so in MQTT 5. */
const MAXIMUM_PACKET_SIZE = 262_144;

/**
 * The options of one connection. Password and certificates are read anew each time, so that renewed ones take effect
 * without a restart.
 *
 * @throws FieldsealError FILE_NOT_READABLE with the place in the configuration that names the file.
 */
export async function clientOptions(
  config: MqttConfig,
  identity: ClientIdentity,
  version: '5' | '3.1.1',
): Promise<IClientOptions> {
  const clean = identity.sessionExpirySeconds === 0;
  const options: IClientOptions = {
    ...addressOf(config.url),
    clientId: identity.clientId,
    clean,
    keepalive: Math.round(config.keepalive / 1000),
    connectTimeout: config.connectTimeout,
    protocolVersion: version === '5' ? 5 : 4,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    // The library would hold 65,536 ready-made numbers: 8 MB of a gateway's memory.
    writeCache: false,
  };
  if (version === '5') {
    options.properties = {
      receiveMaximum: identity.receiveMaximum,
      maximumPacketSize: MAXIMUM_PACKET_SIZE,
      ...(clean ? {} : { sessionExpiryInterval: identity.sessionExpirySeconds }),
    };
  }
  if (identity.status !== undefined) {
    const { topic, offline } = identity.status;
    options.will = { topic, payload: Buffer.from(offline), qos: 1, retain: true };
  }
  if (config.username !== undefined) options.username = config.username;
  if (config.passwordFile !== undefined) {
    options.password = (await readConfigured(config.passwordFile, 'mqtt.passwordFile'))
      .toString('utf8')
      .replace(/\r?\n$/, '');
  }
  if (config.tls.ca !== undefined) options.ca = await readConfigured(config.tls.ca, 'mqtt.tls.ca');
  if (config.tls.cert !== undefined) options.cert = await readConfigured(config.tls.cert, 'mqtt.tls.cert');
  if (config.tls.key !== undefined) options.key = await readConfigured(config.tls.key, 'mqtt.tls.key');
  if (config.tls.serverName !== undefined) {
    const web = { servername: config.tls.serverName, rejectUnauthorized: true };
    options.servername = config.tls.serverName;
    options.wsOptions = web;
  }
  return options;
}

const PROTOCOLS = ['mqtt', 'mqtts', 'ws', 'wss'] as const;

/** Host, port and path from mqtt.url. The library's own reading of the URL would let a query override the client id. */
function addressOf(text: string): IClientOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = PROTOCOLS.find((known) => `${known}:` === url?.protocol);
  if (url === undefined || protocol === undefined || url.hostname === '') {
    const detail = `${JSON.stringify(text)} is not a URL of the form mqtt://host:port or mqtts://host:port`;
    throw new FieldsealError('CONFIG_INVALID', { detail, place: 'mqtt.url' });
  }
  if (url.username !== '' || url.password !== '') {
    const detail = 'the URL holds credentials: write them as mqtt.username and mqtt.passwordFile';
    throw new FieldsealError('CONFIG_INVALID', { detail, place: 'mqtt.url' });
  }
  const web = protocol === 'ws' || protocol === 'wss';
  // A socket takes an IPv6 address without its brackets, a web address takes it with them.
  const host = web ? url.hostname : url.hostname.replace(/^\[(.*)\]$/, '$1');
  const options: IClientOptions = { protocol, host, hostname: host };
  if (url.port !== '') options.port = Number(url.port);
  if (web) options.path = `${url.pathname}${url.search}`;
  return options;
}

async function readConfigured(path: string, place: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: messageOf(error), place, cause: error });
  }
}
