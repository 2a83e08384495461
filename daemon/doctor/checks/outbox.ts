import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readdir, realpath, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reasonOf } from '../../errors.ts';
import { UNFINISHED_PREFIX } from '../../files.ts';
import { ENTER, grants, READ, WRITE } from '../account.ts';
import { type Finding, fail, ok, warn } from '../finding.ts';
import { mountOf } from '../mounts.ts';
import type { Patient } from '../patient.ts';

const AREA = 'outbox';
/** File systems that a power cut or a restart empties, or that don't keep what fsync promises. */
const FORGETFUL: ReadonlySet<string> = new Set(['tmpfs', 'ramfs', 'overlay']);
const FRAIL: ReadonlySet<string> = new Set(['vfat', 'exfat', 'msdos', 'nfs', 'nfs4', 'cifs', '9p', 'fuse.sshfs']);
const SCARCE_BYTES = 100e6;
const SLOW_SYNC_MS = 1_000;

/** Where proofs wait: that the folder is the daemon's own, on a disk that takes and keeps them. */
export async function checkOutbox(patient: Patient): Promise<Finding[]> {
  const { directory } = patient.config.outbox;
  const folder = await stat(directory).catch(() => undefined);
  if (folder === undefined) return checkParent(directory, patient);
  if (!folder.isDirectory()) return [fail(AREA, `${directory} is no folder`, 'correct outbox.directory')];
  const place = await realpath(directory);
  return [
    ...checkMode(directory, folder, patient),
    ...(await checkMount(place, patient)),
    ...(await checkSpace(place, patient)),
    ...(await checkSync(place)),
    ...(await checkQuarantine(place)),
  ];
}

/** The daemon makes the folder at its first start, if it may. */
async function checkParent(directory: string, { account }: Patient): Promise<Finding[]> {
  let parent = dirname(directory);
  let found = await stat(parent).catch(() => undefined);
  while (found === undefined && parent !== dirname(parent)) {
    parent = dirname(parent);
    found = await stat(parent).catch(() => undefined);
  }
  if (found !== undefined && grants(found, account, WRITE | ENTER)) {
    return [ok(AREA, `${directory} is not there yet; the first start makes it`)];
  }
  const remedy = `install -d -o ${account.name} -m 700 ${directory}`;
  return [fail(AREA, `${directory} is not there, and ${account.name} may not make it in ${parent}`, remedy)];
}

function checkMode(directory: string, folder: Stats, { account }: Patient): Finding[] {
  const findings: Finding[] = [];
  if (!grants(folder, account, READ | WRITE | ENTER)) {
    findings.push(
      fail(AREA, `${account.name} may not write into ${directory}`, `chown -R ${account.name} ${directory}`),
    );
  }
  if ((folder.mode & 0o007) !== 0) {
    findings.push(warn(AREA, `anybody may look into ${directory}, where positions are`, `chmod 700 ${directory}`));
  }
  return findings;
}

async function checkMount(place: string, { root }: Patient): Promise<Finding[]> {
  const mount = await mountOf(place, root);
  if (mount === undefined) return [];
  const { point, type, source, readOnly } = mount;
  const where = `${place} is on ${source} (${type}), mounted at ${point}`;
  if (readOnly) return [fail(AREA, `${where}, read-only`, `mount -o remount,rw ${point}; dmesg tells if it failed`)];
  if (FORGETFUL.has(type)) {
    return [warn(AREA, `${where}: a restart may empty it`, 'put outbox.directory on a disk')];
  }
  if (FRAIL.has(type)) return [warn(AREA, `${where}: a power cut may damage it`, 'put outbox.directory on ext4')];
  return [ok(AREA, where)];
}

async function checkSpace(place: string, { config }: Patient): Promise<Finding[]> {
  const { bavail, bsize, files, ffree } = await statfs(place);
  const free = bavail * bsize;
  const { maxBytes } = config.outbox;
  const remedy = 'make room, or lower outbox.maxBytes';
  if (files > 0 && ffree === 0) return [fail(AREA, 'the disk has no room for another file (inodes)', 'remove files')];
  if (free < SCARCE_BYTES) return [fail(AREA, `${megabytes(free)} are free`, remedy)];
  if (free < maxBytes) {
    return [warn(AREA, `${megabytes(free)} are free, and it may grow to ${megabytes(maxBytes)}`, remedy)];
  }
  return [ok(AREA, `${megabytes(free)} are free; it grows to ${megabytes(maxBytes)} at most`)];
}

/** Writes a small file, has the disk confirm it, and takes it away again. */
async function checkSync(place: string): Promise<Finding[]> {
  const path = join(place, `${UNFINISHED_PREFIX}doctor-${randomBytes(4).toString('hex')}`);
  const begun = performance.now();
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(randomBytes(4_096));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const isDenied = error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM');
    if (isDenied) return [warn(AREA, 'whoever asks may not write here, so the disk was not tried', 'ask as root')];
    return [fail(AREA, `the disk takes nothing: ${reasonOf(error)}`, 'see dmesg; check the disk and its free space')];
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
  const ms = Math.round(performance.now() - begun);
  if (ms <= SLOW_SYNC_MS) return [ok(AREA, `the disk confirms a write in ${ms} ms`)];
  return [
    warn(AREA, `the disk takes ${ms} ms to confirm a write`, 'check the disk: dmesg, smartctl; a worn card is slow'),
  ];
}

async function checkQuarantine(place: string): Promise<Finding[]> {
  const folder = join(place, 'quarantine');
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return [];
  const remedy = `look at the reasons beside them in ${folder}; \`fieldseal inspect\` shows a proof`;
  return [warn(AREA, `${names.length} files are in quarantine: proofs rejected by the verifier, or damaged`, remedy)];
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
