import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { ProofSource } from '../proof/index.ts';

/** What the readings of a run have in common. */
export interface Run {
  /** 16 bytes that the kernel makes anew at each boot. */
  readonly bootId: Uint8Array;
  readonly sources: readonly ProofSource[];
}

const bytesOf = (length: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * length}}$`))
    .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));
const schema = z.strictObject({
  bootId: bytesOf(16),
  sources: z.array(z.tuple([z.string(), z.string(), bytesOf(32)])),
});

/** JSON, and its CRC-32, by which frames name it. */
export function encodeRun({ bootId, sources }: Run): { readonly payload: Buffer; readonly id: number } {
  const rows = sources.map(({ source, profile, profileDigest }) => [source, profile, hex(profileDigest)]);
  const payload = Buffer.from(JSON.stringify({ bootId: hex(bootId), sources: rows }));
  return { payload, id: crc32(payload) };
}

/** Undefined for what another version wrote. */
export function decodeRun(payload: Uint8Array): Run | undefined {
  const { success, data } = schema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
  if (!success) return undefined;
  const sources = data.sources.map(([source, profile, profileDigest]) => ({ source, profile, profileDigest }));
  return { bootId: data.bootId, sources };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
