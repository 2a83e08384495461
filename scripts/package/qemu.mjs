// Lets the kernel run another architecture's programs by qemu-user, where no package of the system has done so yet.
import { existsSync, writeFileSync } from 'node:fs';
import { ARCHITECTURES, ownArchitecture } from './architectures.mjs';
import { requirePrograms, run } from './run.mjs';

const BINFMT = '/proc/sys/fs/binfmt_misc';
const PROGRAMS = { amd64: 'qemu-x86_64', arm64: 'qemu-aarch64', armhf: 'qemu-arm' };
const IS_64_BIT = { amd64: true, arm64: true, armhf: false };

/** Registers qemu-user for an architecture with binfmt_misc (Documentation/admin-guide/binfmt-misc.rst). */
export function enableQemu(arch) {
  if (arch === ownArchitecture()) return;
  const name = PROGRAMS[arch];
  requirePrograms([[`${name}-static`, 'qemu-user-static']]);
  if (!existsSync(`${BINFMT}/register`)) run('mount', ['-t', 'binfmt_misc', 'binfmt_misc', BINFMT]);
  if (existsSync(`${BINFMT}/${name}`)) return;
  // The ELF header: class, little-endian, version; the type, of which EXEC and DYN count; the machine.
  const header = [
    0x7f,
    0x45,
    0x4c,
    0x46,
    IS_64_BIT[arch] ? 2 : 1,
    1,
    1,
    ...Array(9).fill(0),
    2,
    0,
    ARCHITECTURES[arch].machine,
    0,
  ];
  const mask = [...Array(7).fill(0xff), 0, ...Array(8).fill(0xff), 0xfe, 0xff, 0xff, 0xff];
  const hex = (bytes) => bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  // F: opened now, so that it works in a system that has no qemu.
  writeFileSync(`${BINFMT}/register`, `:${name}:M::${hex(header)}:${hex(mask)}:/usr/bin/${name}-static:OCF`);
}
