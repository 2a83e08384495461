import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { BrokerConnection, type ConnectionLimits, deviceTopic } from '../../broker/index.ts';
import { clientOptions } from '../../broker/options.ts';
import { CATALOGUE, FieldsealError, reasonOf } from '../../errors.ts';
import { type Finding, fail, failOf, ok, warn } from '../finding.ts';
import { readIdentity } from '../identity.ts';
import type { Patient } from '../patient.ts';
import { SILENT } from '../silent-log.ts';

type ClientOptions = Awaited<ReturnType<typeof clientOptions>>;

const AREA = 'broker';
const PATIENCE_MS = 10_000;
const DAY_MS = 86_400_000;
const SOON_DAYS = 21;
const PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;
/** A proof's rows, compressed, with its signature, topic and properties: docs/proof-format.md. */
const LARGEST_PROOF = 120_000;

interface Address {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** The way to the broker, step by step: name, port, certificate, login, subscription, packet size. */
export async function checkBroker(patient: Patient): Promise<Finding[]> {
  const { mqtt } = patient.config;
  let options: ClientOptions;
  try {
    const nobody = { clientId: '', sessionExpirySeconds: 0, receiveMaximum: 1, status: undefined };
    options = await clientOptions(mqtt, nobody, '5');
  } catch (error) {
    if (error instanceof FieldsealError) return [failOf(AREA, error)];
    throw error;
  }
  const address = addressOf(mqtt.url);
  const reached = await reach(address);
  const findings = [...reached, ...ownCertificate(options.cert)];
  if (reached.some(({ level }) => level === 'fail')) return findings;
  if (address.isTls) findings.push(...(await checkCertificates(address, options)));
  if (findings.some(({ level }) => level === 'fail')) return findings;
  return [...findings, ...(await logIn(patient))];
}

function addressOf(url: string): Address {
  const { protocol, hostname, port } = new URL(url);
  const scheme = Object.keys(PORTS).find((name): name is keyof typeof PORTS => `${name}:` === protocol) ?? 'mqtt';
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? PORTS[scheme] : Number(port),
    isTls: scheme === 'mqtts' || scheme === 'wss',
  };
}

async function reach({ host, port }: Address): Promise<Finding[]> {
  if (isIP(host) === 0) {
    try {
      await lookup(host);
    } catch (error) {
      return [
        fail(AREA, `the name ${host} cannot be resolved: ${codeOf(error)}`, 'check mqtt.url, the network and its DNS'),
      ];
    }
  }
  const begun = performance.now();
  try {
    const socket = await opened(connectTcp({ host, port }), 'connect');
    socket.destroy();
  } catch (error) {
    const remedy = 'check that the broker runs, and that no firewall is between';
    return [fail(AREA, `${host} port ${port} cannot be reached: ${reasonOf(error)}`, remedy)];
  }
  return [ok(AREA, `${host} port ${port} answers in ${Math.round(performance.now() - begun)} ms`)];
}

async function checkCertificates({ host, port }: Address, options: ClientOptions): Promise<Finding[]> {
  const { ca, cert, key } = options;
  const servername = options.servername ?? (isIP(host) === 0 ? host : undefined);
  const socket = connectTls({
    host,
    port,
    // It is judged below, so that all of it is told, not the first fault alone.
    rejectUnauthorized: false,
    ...(ca === undefined ? {} : { ca: asList(ca) }),
    ...(cert === undefined ? {} : { cert: asList(cert) }),
    ...(typeof key === 'string' || Buffer.isBuffer(key) ? { key } : {}),
    ...(servername === undefined ? {} : { servername }),
  });
  try {
    await opened(socket, 'secureConnect');
    const findings = chainOf(socket).map((one) =>
      expiry(`the certificate of ${one.subject.CN}`, Date.parse(one.valid_to)),
    );
    const refusal: unknown = socket.authorizationError;
    if (!socket.authorized) {
      findings.push(fail(AREA, `its certificate is not trusted: ${codeOf(refusal)}`, CATALOGUE.BROKER_TLS.remedy));
    }
    return findings.filter(({ level }, index) => index === 0 || level !== 'ok');
  } catch (error) {
    return [fail(AREA, `no TLS connection: ${reasonOf(error)}`, CATALOGUE.BROKER_TLS.remedy)];
  } finally {
    socket.destroy();
  }
}

function chainOf(socket: TLSSocket): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (at !== undefined && at.valid_to !== undefined && !chain.includes(at)) {
    chain.push(at);
    at = at.issuerCertificate;
  }
  return chain;
}

function ownCertificate(cert: ClientOptions['cert']): Finding[] {
  const [first] = cert === undefined ? [] : asList(cert);
  if (first === undefined) return [];
  try {
    return [expiry('our own certificate', Date.parse(new X509Certificate(first).validTo))];
  } catch {
    return [fail(AREA, 'our own certificate cannot be read', 'mqtt.tls.cert names a certificate in PEM')];
  }
}

function expiry(whose: string, until: number): Finding {
  const days = Math.floor((until - Date.now()) / DAY_MS);
  const date = new Date(until).toISOString().slice(0, 10);
  if (days < 0) return fail(AREA, `${whose} has expired on ${date}`, 'renew it');
  if (days < SOON_DAYS) return warn(AREA, `${whose} expires in ${days} days, on ${date}`, 'renew it');
  return ok(AREA, `${whose} is good until ${date}, for ${days} days`);
}

/** Logs in under a name of its own, so that a daemon's session is left alone, and subscribes to this device's receipts. */
async function logIn({ config, signal }: Patient): Promise<Finding[]> {
  const { mqtt, outbox } = config;
  const kid = await readIdentity(outbox.directory);
  const clientId = `${mqtt.clientId ?? 'fieldseal'}-doctor-${process.pid}`;
  const connection = new BrokerConnection(
    { ...mqtt, clientId, connectTimeout: Math.min(mqtt.connectTimeout, PATIENCE_MS) },
    { clientId, log: SILENT },
  );
  if (kid !== undefined) connection.subscribe([deviceTopic(mqtt.prefix, kid, 'receipt')]);
  connection.onMessage(() => Promise.resolve());
  const enough = new AbortController();
  const outcome = new Promise<Finding[]>((resolve) => {
    connection.once('connected', (limits) => resolve(admitted(limits, kid, mqtt.username)));
    connection.once('failed', (error) => resolve([failOf(AREA, error)]));
  });
  const stop = AbortSignal.any([signal, enough.signal]);
  const late = new Promise<Finding[]>((resolve) => {
    const limit = setTimeout(
      () =>
        resolve([
          fail(AREA, `no answer to the login in ${PATIENCE_MS / 1_000} s`, CATALOGUE.BROKER_UNREACHABLE.remedy),
        ]),
      PATIENCE_MS,
    );
    stop.addEventListener(
      'abort',
      () => {
        clearTimeout(limit);
        resolve([]);
      },
      { once: true },
    );
  });
  const running = connection.run(stop);
  try {
    return await Promise.race([outcome, late]);
  } finally {
    enough.abort();
    await running;
  }
}

function admitted(limits: ConnectionLimits, kid: string | undefined, username: string | undefined): Finding[] {
  const who = username === undefined ? 'without a user name' : `as ${username}`;
  const findings = [ok(AREA, `logged in ${who}, MQTT ${limits.version}`)];
  findings.push(
    kid === undefined
      ? ok(AREA, "the subscription to receipts was not tried: this device's id is not known before its first start")
      : ok(AREA, "grants the subscription to this device's receipts"),
  );
  if (limits.maximumPacketSize < LARGEST_PROOF) {
    const remedy = "raise the broker's maximum packet size, or lower batching.maxBytes";
    findings.push(warn(AREA, `takes messages of ${limits.maximumPacketSize} bytes at most`, remedy));
  }
  return findings;
}

async function opened<S extends Socket>(socket: S, event: 'connect' | 'secureConnect'): Promise<S> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(PATIENCE_MS) });
    socket.on('error', () => {});
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    throw error instanceof Error && error.name === 'AbortError'
      ? new Error(`no answer in ${PATIENCE_MS / 1_000} s`)
      : error;
  }
}

const asList = (value: NonNullable<ClientOptions['cert']>): (string | Buffer)[] =>
  Array.isArray(value) ? value : [value];

/** `authorizationError` is the code itself, whatever its type says. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error
    ? String(error.code)
    : error instanceof Error
      ? error.message
      : String(error);
