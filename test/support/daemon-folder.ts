import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyToJson } from '../../daemon/proof/index.ts';
import { createKey } from '../../daemon/signing/index.ts';
import { testSigner } from './test-signer.ts';

/** A folder with all that a daemon needs to start: a software key, a verifier's public key, and its configuration. */
export class DaemonFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'fieldseal-daemon-'));

  static async make(): Promise<DaemonFolder> {
    const made = new DaemonFolder();
    await createKey(made.keyUri, 'ES256K');
    made.write('verifier.json', JSON.stringify(publicKeyToJson(testSigner(9).publicKey)));
    return made;
  }

  get keyUri(): string {
    return `file:${this.path('device.key')}`;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** Writes a configuration; JSON is YAML. Sections given replace those that work. */
  configure(sections: Readonly<Record<string, unknown>> = {}): string {
    return this.write(
      'fieldseal.yaml',
      JSON.stringify({
        signer: { uri: this.keyUri, algorithm: 'ES256K' },
        ports: [{ source: 'gnss', path: '/dev/ttyNOWHERE', profile: 'gnss/generic-nmea' }],
        batching: { maxAge: '100ms' },
        outbox: { directory: 'outbox' },
        mqtt: { url: 'mqtt://127.0.0.1:9', reconnect: { min: '50ms', max: '100ms' } },
        verifier: { publicKeyFile: 'verifier.json' },
        clock: { wait: '0s' },
        health: { interval: '200ms' },
        ...sections,
      }),
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
