import { z } from 'zod';
import { cameraSchema } from './camera.ts';
import { mqttSchema } from './mqtt.ts';
import { privacySchema } from './privacy.ts';
import { duration, size } from './units.ts';

const path = z.string().min(1);
const logSchema = z
  .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
  .prefault({});
const HOST_PORT = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;
const listen = z.string().regex(HOST_PORT, 'is not host:port, such as 127.0.0.1:9464');
/** host:port or unix:/path; the path of a Unix socket is at most 107 bytes (unix(7)). */
const listenOrSocket = z
  .string()
  .regex(
    new RegExp(`${HOST_PORT.source}|^unix:/.{1,106}$`),
    'is neither host:port, such as 127.0.0.1:9464, nor unix:/path',
  );

/** Raw bytes of a port kept as evidence: hashed into the readings, the latest of them on disk. */
const evidenceSchema = z.strictObject({
  /** The bytes of each source stand in a folder of its name below this one. */
  directory: path,
  /** How much of each source stays; older bytes are deleted, their hashes are in the proofs. */
  maxBytes: size({ min: '1MB' }).prefault('64MB'),
  /** How often a source.evidence reading is made. */
  every: duration({ min: '1s', max: '1d' }).prefault('60s'),
});

const portSchema = z.strictObject({
  /** The name that readings carry; topics, logs and metrics use it too. */
  source: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'is not a name of up to 32 small letters, digits and hyphens')
    .refine((name) => name !== 'host', 'is the name of the gateway itself'),
  path,
  /** May be left out where a preset has the source. */
  profile: z.string().min(1).exactOptional(),
  evidence: evidenceSchema.exactOptional(),
});

const outboxSchema = z.strictObject({
  directory: path,
  /** How much may wait for a receipt before the oldest proofs are dropped, which the next proof declares. */
  maxBytes: size({ min: '1MB' }).prefault('1GB'),
  maxAge: duration({ min: '1m' }).prefault('30d'),
  /** Which proofs go when there is no room: those that wait longest, or the one that has just been made. */
  drop: z.enum(['oldest', 'newest']).default('oldest'),
  /** How much is held in memory while the disk takes nothing. */
  memory: size({ min: '1MB' }).prefault('8MB'),
});

const journalSchema = z
  .strictObject({
    /** Readings that are not sealed yet are brought to the disk so often: what a power cut takes at most. "0s" is never. */
    interval: duration({ max: '1h' }).prefault('1s'),
    /** How much of the disk they may take while the token does not sign. */
    maxBytes: size({ min: '1MB', max: '1GB' }).prefault('64MB'),
  })
  .prefault({});

const uplinkSchema = z
  .strictObject({
    /** Proofs under way at once; the broker's receive maximum may lower it. */
    window: z.int().min(1).max(1_000).default(16),
    /** A proof without a receipt for so long is published again, the identical bytes. */
    receiptTimeout: duration({ min: '1s', max: '1d' }).prefault('60s'),
    /** Proofs that are sealed from now on go out at once, while those that waited for the connection still drain. */
    freshFirst: z.boolean().default(true),
  })
  .prefault({});

const batchingSchema = z
  .strictObject({
    maxAge: duration({ min: '100ms', max: '1h' }).prefault('60s'),
    maxReadings: z.int().min(1).max(20_000).default(5_000),
    maxBytes: size({ min: '1kB', max: '100kB' }).prefault('96kB'),
  })
  .prefault({});

/** The daemon's configuration file. `fieldseal config example` prints it with every key explained. */
export const daemonSchema = z
  .strictObject({
    signer: z.strictObject({
      uri: z.string().min(1),
      /** The key's curve; a token key of another curve is refused. */
      algorithm: z.enum(['ES256K', 'ES256']),
      /** The device's id: where set, a token with another key is refused. */
      kid: z
        .string()
        .regex(/^[A-Za-z0-9_-]{43}$/, 'is not a device id of 43 base64url characters')
        .optional(),
      timeout: duration({ min: '100ms', max: '5m' }).prefault('30s'),
      /** A token whose call hangs for so long ends the daemon, to be started anew: nothing else can reach the token again. 0s: never. */
      restartAfter: duration().prefault('10m'),
    }),
    /** A gateway preset: its ports and cameras are taken over, those below of the same source change them. */
    preset: z
      .string()
      .regex(/^gateways\/[a-z0-9]+(-[a-z0-9]+)*$/, 'is not the id of a preset, such as gateways/outdoor-hotspot')
      .exactOptional(),
    ports: z
      .array(portSchema)
      .default([])
      .refine((ports) => new Set(ports.map((port) => port.source)).size === ports.length, 'names a source twice'),
    cameras: z.array(cameraSchema).max(16).default([]),
    privacy: privacySchema,
    /** More folders with device profiles, searched before those that come with Fieldseal. */
    profileFolders: z.array(path).default([]),
    batching: batchingSchema,
    outbox: outboxSchema,
    journal: journalSchema,
    mqtt: mqttSchema,
    uplink: uplinkSchema,
    /** The verifier's public key, pinned: only its receipts count. */
    verifier: z.strictObject({ publicKeyFile: path }),
    clock: z
      .strictObject({
        /** While nobody vouches for the time, what is read is not sealed for so long. */
        wait: duration({ max: '1d' }).prefault('5m'),
        /** Whether the time of GNSS receivers counts where nothing better is to be had. */
        gnss: z.boolean().default(true),
        /** Who keeps the host's clock; `host`: something that can't be asked, on the operator's word. */
        ntp: z.enum(['auto', 'chrony', 'timesyncd', 'host', 'none']).default('auto'),
      })
      .prefault({}),
    health: z
      .strictObject({
        /** How often a host.health reading is made; "0s" is never. */
        interval: duration({ max: '1d' }).prefault('60s'),
        /** Where the status page, /metrics and /healthz are served, beside systemd's RuntimeDirectory; left out, nowhere. */
        listen: listenOrSocket.optional(),
      })
      .prefault({}),
    log: logSchema,
  })
  .superRefine(({ preset, ports, cameras, privacy }, context) => {
    if (preset === undefined && ports.length === 0) {
      context.addIssue({ code: 'custom', path: ['ports'], message: 'needs at least one port, or a preset' });
    }
    for (const [index, { profile }] of ports.entries()) {
      if (preset !== undefined || profile !== undefined) continue;
      context.addIssue({ code: 'custom', path: ['ports', index, 'profile'], message: 'is missing' });
    }
    for (const [index, { evidence }] of ports.entries()) {
      if (evidence === undefined || privacy.zones.length === 0) continue;
      const message = 'keeps raw bytes, which would show where the gateway was within a privacy zone';
      context.addIssue({ code: 'custom', path: ['ports', index, 'evidence'], message });
    }
    const taken = new Set(['host', ...ports.map(({ source }) => source)]);
    for (const [index, { source }] of cameras.entries()) {
      if (taken.has(source)) {
        context.addIssue({
          code: 'custom',
          path: ['cameras', index, 'source'],
          message: 'is the name of another source',
        });
      }
      taken.add(source);
    }
  });

export type DaemonConfig = z.output<typeof daemonSchema>;
export type PortConfig = DaemonConfig['ports'][number];
export type EvidenceConfig = z.output<typeof evidenceSchema>;
export type BatchingConfig = DaemonConfig['batching'];
export type OutboxConfig = DaemonConfig['outbox'];
export type JournalConfig = DaemonConfig['journal'];
export type UplinkConfig = DaemonConfig['uplink'];
export type SignerConfig = DaemonConfig['signer'];
export type ClockConfig = DaemonConfig['clock'];
export type HealthConfig = DaemonConfig['health'];

/** The verifier's configuration file. */
export const verifierSchema = z.strictObject({
  signer: z.strictObject({
    uri: z.string().min(1),
    algorithm: z.enum(['ES256K', 'ES256']),
    timeout: duration({ min: '100ms', max: '5m' }).prefault('30s'),
  }),
  /** The SQLite file of devices, verdicts and readings. */
  ledger: path,
  mqtt: mqttSchema,
  checks: z
    .strictObject({
      /** A reading's time may lie so far ahead of the verifier's clock. */
      maxFuture: duration({ min: '1s' }).prefault('5m'),
      /** A reading older than this when it comes is flagged. */
      maxAge: duration({ min: '1m' }).prefault('90d'),
      /** How long a challenge nonce is good for. */
      nonceLifetime: duration({ min: '10s' }).prefault('1h'),
    })
    .prefault({}),
  /** Where Prometheus finds /metrics; left out, nowhere. */
  listen: listen.optional(),
  log: logSchema,
});

export type VerifierConfig = z.output<typeof verifierSchema>;
