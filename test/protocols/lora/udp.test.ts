import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decoder } from '../../../daemon/protocols/index.ts';
import { semtechUdp } from '../../../daemon/protocols/lora/index.ts';
import type { Connection } from '../../../daemon/serial/transport.ts';
import { UdpTransport } from '../../../daemon/serial/udp-transport.ts';
import { createDecoder } from '../../support/decoders.ts';
import { ascii, BEACON, bytes, toJson } from './support.ts';

const EUI = 'aa555a0000000101';
const PULL_DATA = bytes(`02 0001 02 ${EUI}`);
const PUSH_DATA = Buffer.concat([bytes(`02 0002 00 ${EUI}`), ascii('{"rxpk":[{"data":"aGk=","size":2,"lsnr":5}]}')]);

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

const received = async (socket: Socket): Promise<string> => {
  const [datagram]: unknown[] = await once(socket, 'message');
  return datagram instanceof Uint8Array ? Buffer.from(datagram).toString('hex') : '';
};

/** A forwarder, this gateway, and the forwarder's own network server, over real sockets. */
describe('a packet forwarder over UDP', () => {
  let forwarder: Socket;
  let network: Socket;
  let connection: Connection;
  let decoder: Decoder;
  let port: number;
  const readings: object[] = [];

  beforeEach(async () => {
    forwarder = await bound();
    network = await bound();
    port = await freePort();
    connection = await new UdpTransport('udp://127.0.0.1', '127.0.0.1', port).open();
    decoder = createDecoder(semtechUdp, {
      referenceTime: 0,
      settings: { forwardTo: `localhost:${network.address().port}` },
      send: (datagram, peer) => void connection.write(datagram, peer),
    });
    readings.length = 0;
    connection.start({
      onBytes: (datagram, peer) => readings.push(...toJson(decoder.push(datagram, Date.now(), peer))),
      onEnd: () => {},
    });
  });

  afterEach(async () => {
    forwarder.close();
    network.close();
    await connection.close();
  });

  it('is heard, acknowledged and passed on, and transmits for both servers', async () => {
    const say = (datagram: Uint8Array): void => forwarder.send(datagram, port, '127.0.0.1');
    const both = (): Promise<[string, string]> => Promise.all([received(forwarder), received(network)]);

    const pulled = both();
    say(PULL_DATA);
    expect(await pulled).toEqual(['02000104', Buffer.from(PULL_DATA).toString('hex')]);
    network.send(bytes('02 0001 04'), port, '127.0.0.1');

    const pushed = both();
    say(PUSH_DATA);
    expect(await pushed).toEqual(['02000201', PUSH_DATA.toString('hex')]);
    expect(readings).toMatchObject([{ kind: 'lora.uplink', payload: '6869', snr: 5 }]);

    const downlink = received(forwarder);
    network.send(Buffer.concat([bytes('02 7777 03'), ascii('{"txpk":{"imme":true}}')]), port, '127.0.0.1');
    const token = (await downlink).slice(2, 6);
    const answered = received(network);
    say(bytes(`02 ${token} 05 ${EUI}`));
    expect(await answered).toBe(`02777705${EUI}`);

    const asked = received(forwarder);
    expect(decoder.transmit?.(BEACON, Date.now())).toBe(true);
    const beacon = await asked;
    expect(Buffer.from(beacon, 'hex').toString('latin1')).toContain('"data":"aGk="');
    const settled = received(forwarder);
    say(bytes(`02 ${beacon.slice(2, 6)} 05 ${EUI}`));
    say(PULL_DATA);
    await settled;
    expect(readings.at(-1)).toMatchObject({ kind: 'lora.beacon', result: 0, payload: '6869' });
  });
});

async function freePort(): Promise<number> {
  const socket = await bound();
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
