import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { clientOptions } from '../broker/options.ts';
import type { CameraConfig, DaemonConfig } from '../config/index.ts';
import { FieldsealError, systemCode } from '../errors.ts';
import { mayPass, unwritable } from '../file-trouble.ts';
import { loadZones, type PrivacyZones } from '../privacy/index.ts';
import type { PublicKey } from '../proof/index.ts';
import { loadSources, type Sources } from '../sources.ts';
import { readVerifierKey } from '../verifier-key.ts';

/** A configuration and all that it names, read and checked: what a gateway can be built from. */
export interface Plan {
  readonly config: DaemonConfig;
  readonly sources: Sources;
  readonly zones: PrivacyZones;
  readonly verifierKey: PublicKey;
}

/**
 * Reads what the configuration names.
 *
 * @throws FieldsealError for a profile, zone, key, password or certificate that is not there or not valid, and for a folder that can't
 *   be written into
 */
export async function loadPlan(config: DaemonConfig): Promise<Plan> {
  const sources = await loadSources(config);
  const zones = await loadZones(config.privacy.zones);
  const verifierKey = await readVerifierKey(config.verifier.publicKeyFile);
  // The connection reads them anew each time; here they only have to be there.
  await clientOptions(
    config.mqtt,
    { clientId: '', sessionExpirySeconds: 0, receiveMaximum: 1, status: undefined },
    '5',
  );
  for (const { port } of sources.ports) {
    if (port.evidence !== undefined) await checkWritable(port.evidence.directory, `ports: ${port.source}.evidence`);
  }
  return { config, sources, zones, verifierKey };
}

/** Where the privacy zones' diary is. */
export const privacyState = ({ privacy, outbox }: DaemonConfig): string =>
  privacy.state ?? join(dirname(outbox.directory), 'privacy.json');

/** Where a camera's journal is. */
export const cameraState = ({ outbox }: DaemonConfig, { state, source }: CameraConfig): string =>
  state ?? join(dirname(outbox.directory), `camera-${source}.journal`);

/** Sections that hold what outlives a reload. */
const FIXED = ['outbox', 'journal', 'clock', 'batching'] as const;

/** @throws FieldsealError RESTART_NEEDED where a section has changed that only a start reads */
export function checkReloadable(before: DaemonConfig, after: DaemonConfig): void {
  const sectionOf = (config: DaemonConfig, name: string): unknown => new Map(Object.entries(config)).get(name);
  for (const name of FIXED) {
    if (isDeepStrictEqual(sectionOf(before, name), sectionOf(after, name))) continue;
    throw new FieldsealError('RESTART_NEEDED', { detail: `${name} has changed`, place: name });
  }
}

/**
 * Whether a folder may be written into, or made: nothing is made yet. A disk that fails is lived with.
 *
 * @throws FieldsealError FILE_NOT_WRITABLE
 */
async function checkWritable(folder: string, place: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return await access(at, constants.W_OK | constants.X_OK);
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT' && dirname(at) !== at) continue;
      if (mayPass(cause)) return;
      throw unwritable(place, cause);
    }
  }
}
