import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { PortOptions } from '../../daemon/serial/index.ts';
import { VirtualPort } from '../../daemon/simulator/virtual-port.ts';
import { PortUnderTest } from './harness.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Has something undone after the test, in reverse order. */
export function afterwards(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fieldseal-serial-'));
  afterwards(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A virtual device, plugged in. */
export function device(onData?: (bytes: Uint8Array) => void): VirtualPort {
  const port = new VirtualPort('device', onData);
  afterwards(() => port.close());
  port.open();
  return port;
}

/** A supervised port, running until the test is over. */
export function supervise(options: Partial<PortOptions> & { path: string }): PortUnderTest {
  const port = new PortUnderTest(options);
  afterwards(() => port.stop());
  return port.start();
}
