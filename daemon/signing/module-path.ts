import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FieldsealError } from '../errors.ts';
import type { Pkcs11Uri } from './uri.ts';

const TRIPLETS: Readonly<Record<string, readonly string[]>> = {
  x64: ['x86_64-linux-gnu'],
  arm64: ['aarch64-linux-gnu'],
  arm: ['arm-linux-gnueabihf', 'arm-linux-gnueabi'],
};

/** Where distributions and vendors put PKCS#11 modules. */
export function moduleFolders(arch: string = process.arch): string[] {
  const roots = [
    ...(TRIPLETS[arch] ?? []).flatMap((triplet) => [`/usr/lib/${triplet}`, `/usr/local/lib/${triplet}`]),
    '/usr/lib64',
    '/usr/lib',
    '/usr/local/lib',
  ];
  return roots.flatMap((root) => [join(root, 'pkcs11'), root, join(root, 'softhsm')]);
}

/**
 * The module's file. A module-name is searched as NAME.so, libNAME.so and libNAME.so.1, as RFC 7512 (section 2.3) has it, in the usual
 * folders. Throws FieldsealError MODULE_NOT_LOADED where there is none.
 */
export function resolveModule(module: Pkcs11Uri['module'], folders: readonly string[] = moduleFolders()): string {
  if ('path' in module) {
    if (!existsSync(module.path)) throw new FieldsealError('MODULE_NOT_LOADED', { detail: `no file ${module.path}` });
    return module.path;
  }
  for (const folder of folders) {
    // Debian leaves the bare name of some libraries to their development packages.
    for (const name of [`${module.name}.so`, `lib${module.name}.so`, `lib${module.name}.so.1`]) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  throw new FieldsealError('MODULE_NOT_LOADED', {
    detail: `no ${module.name}.so or lib${module.name}.so in ${folders.join(', ')}`,
  });
}
