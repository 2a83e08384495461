import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { createReceiver, Track } from '../../../dist/simulator/index.js';
import { freePort } from '../../free-port.mjs';

const PROGRAM = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
export const CREDENTIALS = { username: 'gateway-17', password: 'correct horse "battery" staple' };
/** Seconds from the NTP era (RFC 5905, section 6) to the Unix epoch. */
const NTP_EPOCH = 2_208_988_800;

/** What the gateway talks to, all on the loopback: a broker, a verifier, a receiver behind TCP, a time server. */
export class Host {
  #folder;
  #children = [];
  #servers = [];
  #stopping = false;

  constructor(folder) {
    this.#folder = folder;
  }

  async start() {
    this.brokerPort = await freePort();
    const passwords = this.#write('passwords', '');
    for (const [user, password] of [
      [CREDENTIALS.username, CREDENTIALS.password],
      ['verifier', 'verifier'],
    ]) {
      execFileSync('mosquitto_passwd', ['-b', passwords, user, password], { stdio: 'ignore' });
    }
    const conf = `user root\nlistener ${this.brokerPort} 127.0.0.1\nallow_anonymous false\npassword_file ${passwords}\n`;
    this.#spawn('mosquitto', ['-c', this.#write('mosquitto.conf', conf)]);
    await this.#startVerifier();
    this.receiverPort = await this.#serveReceiver();
    this.timeServer = await this.#serveTime();
  }

  /** Admits the device of an enrolment record. */
  admit(record) {
    const file = this.#write('enrolment.cose', record);
    return this.#fieldseal(['verifier', 'enroll', '--json', '--config', this.#at('verifier.yaml'), file]);
  }

  /** The proofs in the verifier's ledger: how many by verdict, in how many chains, and why any was not simply accepted. */
  ledger() {
    const database = new Database(this.#at('ledger.sqlite'), { readonly: true });
    try {
      const rows = database.prepare('SELECT chain, seq, verdict, reasons, size FROM proofs ORDER BY chain, seq').all();
      const accepted = rows.filter(({ verdict }) => verdict === 'accepted');
      return {
        accepted: accepted.length,
        readings: accepted.reduce((sum, { size }) => sum + size, 0),
        chains: new Set(rows.map(({ chain }) => chain)).size,
        last: rows.at(-1)?.seq ?? -1,
        others: rows
          .filter(({ verdict }) => verdict !== 'accepted')
          .map(({ seq, verdict, reasons }) => `${seq} ${verdict} ${reasons}`),
      };
    } finally {
      database.close();
    }
  }

  async stop() {
    this.#stopping = true;
    for (const server of this.#servers) server.close();
    for (const child of this.#children) {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  }

  async #startVerifier() {
    const signer = `file:${this.#at('verifier.key')}`;
    this.verifierKey = this.#fieldseal(['key', 'create', '--json', '--signer', signer]);
    this.#write('verifier-password', 'verifier');
    const config = {
      signer: { uri: signer, algorithm: 'ES256K' },
      ledger: 'ledger.sqlite',
      mqtt: { url: `mqtt://127.0.0.1:${this.brokerPort}`, username: 'verifier', passwordFile: 'verifier-password' },
    };
    this.#write('verifier.yaml', JSON.stringify(config));
    this.#spawn(process.execPath, [PROGRAM, 'verifier', 'run', '--config', this.#at('verifier.yaml')]);
  }

  /** An NMEA receiver that drives in real time, at 1 Hz, for whoever connects. */
  async #serveReceiver() {
    const track = new Track({ start: Date.now(), seed: 7 });
    const server = createServer((socket) => {
      const receiver = createReceiver('nmea', 1, 7);
      const timer = setInterval(() => {
        const ms = Math.floor((Date.now() - track.start) / 1_000) * 1_000;
        socket.write(receiver.epoch(track.at(ms), ms, ms / 1_000));
      }, 1_000);
      socket.on('error', () => socket.destroy()).on('close', () => clearInterval(timer));
    });
    this.#servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  }

  /** SNTP (RFC 5905, section 14) on the port that systemd-timesyncd asks; false where that port is not to be had. */
  async #serveTime() {
    const socket = createSocket('udp4');
    socket.on('message', (question, { port, address }) => {
      if (question.length >= 48) socket.send(timeAnswer(question), port, address);
    });
    socket.bind(123, '127.0.0.1');
    const bound = await Promise.race([
      once(socket, 'listening').then(() => true),
      once(socket, 'error').then(() => false),
    ]);
    if (bound) this.#servers.push(socket);
    return bound;
  }

  #spawn(command, args) {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    this.#children.push(child);
    process.once('exit', () => child.kill());
    const log = [];
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    child.once('exit', (code) => {
      if (!this.#stopping) console.error(`${command} ended with ${code}:\n${log.slice(-5).join('\n')}`);
    });
  }

  #fieldseal(args) {
    return JSON.parse(execFileSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' }));
  }

  #at(name) {
    return join(this.#folder, name);
  }

  #write(name, content) {
    writeFileSync(this.#at(name), content, { mode: 0o600 });
    return this.#at(name);
  }
}

function timeAnswer(question) {
  const answer = Buffer.alloc(48);
  answer[0] = 0x24; // no leap second, version 4, server
  answer[1] = 1; // stratum: a primary clock
  answer[3] = 0xec; // precision: about a microsecond
  answer.write('LOCL', 12);
  question.copy(answer, 24, 40, 48);
  for (const offset of [16, 32, 40]) {
    const now = Date.now();
    answer.writeUInt32BE(Math.floor(now / 1_000) + NTP_EPOCH, offset);
    answer.writeUInt32BE(Math.floor(((now % 1_000) / 1_000) * 2 ** 32), offset + 4);
  }
  return answer;
}

/** Looks every second until there is something; rejects when `signal` aborts. */
export async function until(look, what, signal) {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (signal.aborted) throw new Error(`${what}: it took too long`);
    await wait(1_000);
  }
}
