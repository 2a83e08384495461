import { createRequire } from 'node:module';
import { createDecoder } from './decoders.mjs';
import { median, round, seconds } from './measure.mjs';
import { beastFrame, loraDatagram, SQUITTERS } from './radio.mjs';
import { simulated } from './streams.mjs';

const require = createRequire(import.meta.url);
const OPTIONS = { referenceTime: Date.UTC(2026, 5) };
const CHUNK = 4_096;

/** Messages a second through each protocol, beside what npm has for it, over the same bytes in the same run. */
export async function benchPeers() {
  return { nmea: await benchNmea(), adsb: await benchModeS(), lora: await benchLoRa() };
}

async function benchNmea() {
  const GPS = require('gps');
  const { parseNmeaSentence } = require('nmea-simple');
  const SignalK = require('@signalk/nmea0183-signalk');
  const stream = Buffer.concat(Array.from({ length: 3 }, () => simulated('nmea', 5)));
  const sentences = stream.toString('latin1').split('\r\n').filter(Boolean);
  return compare(sentences.length, {
    fieldseal: () => decode('gnss', [stream]),
    gps() {
      const gps = new GPS();
      for (const sentence of sentences) gps.update(sentence);
    },
    'nmea-simple'() {
      for (const sentence of sentences) parseNmeaSentence(sentence);
    },
    '@signalk/nmea0183-signalk'() {
      const parser = new SignalK();
      for (const sentence of sentences) parser.parse(sentence);
    },
  });
}

async function benchModeS() {
  const Decoder = require('mode-s-decoder');
  const messages = Array.from({ length: 20_000 }, (_, i) => Buffer.from(SQUITTERS[i % SQUITTERS.length], 'hex'));
  const stream = Buffer.concat(messages.map((message) => beastFrame(message)));
  return compare(messages.length, {
    fieldseal: () => decode('adsb', [stream]),
    'mode-s-decoder'() {
      const decoder = new Decoder();
      for (const message of messages) decoder.parse(new Uint8Array(message));
    },
  });
}

async function benchLoRa() {
  const { fromWire } = require('lora-packet');
  const datagram = loraDatagram();
  const datagrams = Array.from({ length: 20_000 }, () => datagram);
  return compare(datagrams.length, {
    fieldseal: () => decode('semtech-udp', datagrams),
    'JSON.parse + lora-packet'() {
      for (const one of datagrams) {
        for (const packet of JSON.parse(one.subarray(12).toString('utf8')).rxpk)
          fromWire(Buffer.from(packet.data, 'base64'));
      }
    },
  });
}

/** Chunks of a stream, or datagrams as they are. */
function decode(protocol, parts) {
  const decoder = createDecoder(protocol, OPTIONS);
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK) decoder.push(part.subarray(at, at + CHUNK), 0, '127.0.0.1:1700');
  }
  decoder.end(0);
}

async function compare(messages, contenders) {
  const results = {};
  for (const [name, work] of Object.entries(contenders)) {
    const time = await median(() => seconds(work));
    results[name] = { messagesPerSecond: round(messages / time.median) };
  }
  return results;
}
