import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real file system of 256 kB, which can be filled up and made read-only. */
export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'fieldseal-tmpfs-'));

  private constructor() {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', this.folder], { stdio: 'pipe' });
  }

  /** @throws Error where mounting is not permitted */
  static mount(): SmallDisk {
    return new SmallDisk();
  }

  static get isPermitted(): boolean {
    try {
      SmallDisk.mount().remove();
      return true;
    } catch {
      return false;
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Breaks it, and gives what mends it. */
  fail(code: 'ENOSPC' | 'EROFS'): () => void {
    if (code === 'EROFS') {
      this.#remount('ro');
      return () => this.#remount('rw');
    }
    try {
      writeFileSync(this.path('filler'), new Uint8Array(1_000_000));
    } catch {
      // It is full now.
    }
    return () => rmSync(this.path('filler'));
  }

  remove(): void {
    execFileSync('umount', ['-l', this.folder], { stdio: 'pipe' });
    rmSync(this.folder, { recursive: true, force: true });
  }

  #remount(mode: 'ro' | 'rw'): void {
    execFileSync('mount', ['-o', `remount,${mode}`, this.folder], { stdio: 'pipe' });
  }
}
