import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadNative } from '../../daemon/native.ts';

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, value) => value);

function withPty(use: (master: number, slave: number, path: string) => void): void {
  const { master, path } = loadNative().openpty();
  const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  try {
    use(master, slave, path);
  } finally {
    closeSync(slave);
    closeSync(master);
  }
}

function readExactly(fd: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) at += readSome(fd, bytes.subarray(at));
  return bytes;
}

/** The master never waits: what the kernel has yet to carry over comes at another try. */
function readSome(fd: number, into: Uint8Array): number {
  try {
    return readSync(fd, into);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}

describe('openpty', () => {
  it('passes every byte value through unchanged, in both directions', () => {
    withPty((master, slave) => {
      writeSync(master, EVERY_BYTE);
      expect(readExactly(slave, 256)).toEqual(EVERY_BYTE);
      writeSync(slave, EVERY_BYTE);
      expect(readExactly(master, 256)).toEqual(EVERY_BYTE);
    });
  });

  it('gives a master that a full line does not hold up', () => {
    withPty((master) => {
      const fill = () => {
        for (;;) writeSync(master, EVERY_BYTE);
      };
      expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
    });
  });

  it('names a terminal of its own each time', () => {
    withPty((_first, _slave, path) => {
      withPty((_second, _other, other) => {
        expect(path).toMatch(/^\/dev\/pts\/\d+$/);
        expect(other).not.toBe(path);
      });
    });
  });

  it('does not leak the master into child processes', () => {
    withPty((master) => {
      const inherited = execFileSync(
        '/bin/sh',
        ['-c', `[ -e /proc/self/fd/${master} ] && readlink /proc/self/fd/${master} || true`],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
          encoding: 'utf8',
        },
      );
      expect(inherited).not.toMatch(/ptmx/);
    });
  });
});
