import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Node has no datagrams over Unix sockets; Python does. Prints each datagram as a line of JSON. */
const RECEIVER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

/** The service manager's end of the notify protocol (sd_notify(3)). */
export class NotifySocket {
  readonly #receiver: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly path: string;
  /** What was told so far, one entry a datagram. */
  readonly told: string[] = [];

  private constructor(path: string) {
    this.path = path;
    this.#receiver = spawn('setpriv', ['--pdeathsig', 'KILL', '--', '/usr/bin/python3', '-c', RECEIVER, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#receiver.stdout === null) throw new Error('a pipe was asked for');
    createInterface({ input: this.#receiver.stdout }).on('line', (line) => {
      this.told.push(JSON.parse(line));
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    });
  }

  static async bind(path: string): Promise<NotifySocket> {
    const socket = new NotifySocket(path);
    await socket.hears((told) => told.includes('bound'));
    socket.told.length = 0;
    return socket;
  }

  count(state: string): number {
    return this.told.filter((one) => one === state).length;
  }

  /** Resolves when what was told so far is enough. */
  async hears(enough: (told: readonly string[]) => boolean): Promise<void> {
    while (!enough(this.told)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  close(): void {
    this.#receiver.kill('SIGKILL');
  }
}
