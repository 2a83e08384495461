import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

const FIRMWARE = '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd';
const ESC = String.fromCharCode(27);
const COLOURS = new RegExp(`${ESC}\\[[0-9;?=]*[A-Za-z]`, 'g');

/** A gateway in QEMU: UEFI, one virtual disk, a watchdog, and a network that reaches the loopback of this host as 10.0.2.2. */
export class Machine {
  #child;
  #lines = [];
  #waiting = new Set();
  #started = 0;
  #sshPort;

  /** Switches it on. The console goes to `log` as well. */
  constructor({ card, sshPort, log, memory = '1024' }) {
    this.#sshPort = sshPort;
    this.#started = performance.now();
    this.#child = spawn(
      'qemu-system-aarch64',
      [
        ...['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', memory, '-accel', 'tcg,thread=multi'],
        ...['-bios', FIRMWARE, '-nographic', '-monitor', 'none', '-serial', 'stdio', '-rtc', 'base=utc'],
        ...['-drive', `file=${card},format=raw,if=virtio,cache=writeback`],
        ...['-device', 'i6300esb', '-action', 'watchdog=reset'],
        ...['-device', 'virtio-rng-pci', '-device', 'virtio-net-pci,netdev=net,romfile='],
        ...['-netdev', `user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:${sshPort}-:22`],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    // A virtual machine does not end by itself when its parent does.
    process.once('exit', () => this.#child.kill('SIGKILL'));
    this.#child.stdout.pipe(createWriteStream(log));
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line.replace(COLOURS, '')));
    this.ended = once(this.#child, 'close');
  }

  /** Seconds since it was switched on. */
  get seconds() {
    return (performance.now() - this.#started) / 1_000;
  }

  /** Resolves with the seconds at which a line of the console matched, now or earlier. */
  async line(pattern, signal) {
    const known = this.#lines.find(({ text }) => pattern.test(text));
    if (known !== undefined) return known.at;
    return new Promise((resolve, reject) => {
      const waiter = { pattern, resolve };
      this.#waiting.add(waiter);
      const give = (why) => {
        this.#waiting.delete(waiter);
        reject(new Error(`no line of the console matched ${pattern}: ${why}\n${this.tail()}`));
      };
      signal.addEventListener('abort', () => give('it took too long'), { once: true });
      this.ended.then(() => give('the machine ended'));
    });
  }

  tail() {
    return this.#lines
      .slice(-15)
      .map(({ text }) => `  | ${text}`)
      .join('\n');
  }

  /** Runs a shell command on the gateway as its administrator; gives what it printed. */
  async ssh(command, key) {
    const child = spawn(
      'ssh',
      [
        ...[
          '-i',
          key,
          '-p',
          String(this.#sshPort),
          '-o',
          'StrictHostKeyChecking=no',
          '-o',
          'UserKnownHostsFile=/dev/null',
        ],
        ...['-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=60', '-o', 'BatchMode=yes', 'admin@127.0.0.1', command],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part));
    await once(child, 'close');
    return text.trim();
  }

  /** As if the plug were pulled: nothing that the gateway still had in memory comes onto the card. */
  async cutPower() {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #take(text) {
    this.#lines.push({ text, at: this.seconds });
    for (const waiter of this.#waiting) {
      if (!waiter.pattern.test(text)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(this.seconds);
    }
  }
}
