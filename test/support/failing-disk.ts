import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileTokenTool } from './compile-token.ts';

/** The library that has a process's disk fail, built anew (failing-disk.c says how it is told). */
export function buildFailingDisk(): { readonly library: string; readonly dispose: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'fieldseal-failing-disk-'));
  const library = join(folder, 'failing-disk.so');
  compileTokenTool('support/failing-disk.c', library, 'library');
  return { library, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
