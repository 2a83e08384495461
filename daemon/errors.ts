/**
 * Exit codes of the program: the answer is no; bad usage, configuration or environment; a bug (EX_SOFTWARE, sysexits(3)); what time
 * may mend (EX_TEMPFAIL).
 */
export const EXIT = { good: 0, no: 1, usage: 2, bug: 70, temporary: 75 } as const;

interface CatalogueEntry {
  /** What happened; {detail} is filled in by the place that throws. */
  readonly message: string;
  /** What the operator can do about it. */
  readonly remedy: string;
  /** Time may mend it: whoever started the program may try again. */
  readonly temporary?: true;
}

/** Every error that an operator can meet. Codes are stable: scripts and runbooks name them. */
export const CATALOGUE = {
  USAGE: { message: '{detail}', remedy: 'see `fieldseal --help`' },
  FILE_NOT_READABLE: { message: 'cannot read the file: {detail}', remedy: 'check the path and its permissions' },
  FILE_NOT_WRITABLE: {
    message: 'cannot write: {detail}',
    remedy: 'check the path, its permissions and the free space',
  },

  CONFIG_SYNTAX: { message: 'the configuration is not valid YAML: {detail}', remedy: 'mend the line named' },
  CONFIG_UNKNOWN_KEY: {
    message: 'unknown key {detail}',
    remedy: 'remove it or correct its spelling; `fieldseal config example` shows every key',
  },
  CONFIG_INVALID: {
    message: '{detail}',
    remedy: '`fieldseal config example` shows every key with its unit and default',
  },

  RESTART_NEEDED: {
    message: 'a reload cannot change this: {detail}',
    remedy: 'restart the daemon: `systemctl restart fieldseal`',
  },

  PROFILE_NOT_FOUND: { message: 'no device profile {detail}', remedy: '`fieldseal profiles list` names them all' },
  PROFILE_INVALID: { message: 'the device profile is not valid: {detail}', remedy: 'see docs/add-a-device.md' },
  SCENARIO_INVALID: { message: 'the scenario is not valid: {detail}', remedy: 'see docs/simulator.md' },

  ZONE_INVALID: {
    message: 'the privacy zone is not valid: {detail}',
    remedy: 'write it as GeoJSON polygons (RFC 7946); see docs/camera.md',
  },

  PORT_NOT_FOUND: {
    message: 'there is no serial port {detail}',
    remedy: 'plug the device in, or correct the path; `ls /dev/serial/by-id` lists what is there',
  },
  PORT_DENIED: {
    message: 'no permission to open the serial port {detail}',
    remedy: 'add the user to the group dialout, or grant access by a udev rule',
  },
  PORT_BUSY: { message: 'the serial port {detail} is in use', remedy: 'stop the other program that holds it' },
  PORT_FAILED: {
    message: 'the port cannot be used: {detail}',
    remedy: 'check the path, the device and its cable; `dmesg` tells what the kernel saw',
  },

  SIGNER_URI_INVALID: {
    message: 'the signer URI is not valid: {detail}',
    remedy: 'write pkcs11:token=...;object=...?module-path=...&pin-source=file:... (RFC 7512), or file:PATH',
  },
  MODULE_NOT_LOADED: {
    message: 'the PKCS#11 module cannot be loaded: {detail}',
    remedy: 'install the token vendor library, or correct module-path',
  },
  TOKEN_NOT_FOUND: {
    message: 'no token matches the signer URI: {detail}',
    remedy: 'insert the token, or correct token=, serial= or slot-id= in the URI',
    temporary: true,
  },
  TOKEN_AMBIGUOUS: {
    message: 'more than one token matches the signer URI: {detail}',
    remedy: 'name the token by serial= or slot-id= in the URI',
  },
  TOKEN_FAILED: {
    message: 'the token failed: {detail}',
    remedy: 'check the token and its connection',
    temporary: true,
  },
  TOKEN_TIMEOUT: {
    message: 'the token did not answer in time: {detail}',
    remedy: 'check the token and its connection; restart the daemon if it stays so',
    temporary: true,
  },
  TOKEN_BUSY: {
    message: 'too many signatures wait for the token: {detail}',
    remedy: 'seal larger batches',
    temporary: true,
  },
  PIN_MISSING: {
    message: 'the signer URI names no PIN: {detail}',
    remedy: 'add ?pin-source=file:/path/to/pin to the URI',
  },
  PIN_WRONG: {
    message: 'the token refused the PIN: {detail}',
    remedy:
      'correct the PIN file and reload or restart; it was tried once and is not tried again, so that the token stays unlocked',
  },
  PIN_LOCKED: {
    message: 'the token takes no further wrong PIN: {detail}',
    remedy: "log in once with the right PIN, or unlock the token, with its vendor's tool; then restart",
  },
  KEY_NOT_FOUND: {
    message: 'there is no such key: {detail}',
    remedy: 'make it with `fieldseal key create`, or correct object= or id= in the URI',
  },
  KEY_EXISTS: { message: 'a key of that name exists already: {detail}', remedy: 'use it, or choose another name' },
  KEY_AMBIGUOUS: { message: 'more than one key matches: {detail}', remedy: 'name the key by id= in the URI' },
  KEY_UNSUITABLE: {
    message: 'the key cannot serve: {detail}',
    remedy: 'make a key on secp256k1 (ES256K) or P-256 (ES256) with `fieldseal key create`',
  },
  KEY_CHANGED: {
    message: 'the token holds another key than the one this device is known by: {detail}',
    remedy: 'restore the former key, or enrol the new one, with its id in signer.kid and an outbox folder of its own',
  },
  KEY_FILE_INVALID: { message: 'the key file is not valid: {detail}', remedy: 'restore it from a copy' },
  PUBLIC_KEY_INVALID: {
    message: 'no public key can be read from it: {detail}',
    remedy: 'get it with `fieldseal key show --json`, or all with `fieldseal verifier devices --export`',
  },
  NATIVE_ADDON_MISSING: {
    message: 'the native addon cannot be loaded: {detail}',
    remedy: 'run `npm rebuild`, with build-essential and python3 installed',
  },
  VERIFIER_NOT_INSTALLED: {
    message: 'the verifier, which the demo runs too, is not installed: {detail}',
    remedy: '`apt install fieldseal-verifier`; where fieldseal came with npm: `npm install -g better-sqlite3`',
  },

  OUTBOX_UNUSABLE: {
    message: 'the outbox folder cannot be used: {detail}',
    remedy: 'check that the folder exists on a writable disk and belongs to the daemon',
    temporary: true,
  },
  JOURNAL_UNUSABLE: {
    message: 'the journal of readings cannot be used: {detail}',
    remedy: 'check the disk and its free space; it is tried again by itself',
  },
  OUTBOX_LOCKED: {
    message: 'the outbox is in use by another process: {detail}',
    remedy: 'stop the other daemon',
    temporary: true,
  },
  OUTBOX_CORRUPT: {
    message: 'a stored proof cannot be read back: {detail}',
    remedy: 'it lies in the quarantine folder of the outbox; check the disk',
  },
  PROOF_REJECTED: {
    message: 'the verifier rejected a proof: {detail}',
    remedy: 'it lies in the quarantine folder of the outbox, with the reasons beside it',
  },

  BROKER_REFUSED: {
    message: 'the broker refused the connection: {detail}',
    remedy: 'check user name, password file, client certificate and access rules',
  },
  BROKER_UNREACHABLE: {
    message: 'the broker cannot be reached: {detail}',
    remedy: 'check the URL, the network and that the broker runs; it is tried again by itself',
    temporary: true,
  },
  BROKER_SILENT: {
    message: 'the broker keeps the connection, but does not acknowledge: {detail}',
    remedy: "look at the broker's log, disk and memory; proofs are kept, and sent again at the next connection",
    temporary: true,
  },
  BROKER_TLS: {
    message: 'no trusted TLS connection to the broker: {detail}',
    remedy: "check mqtt.tls.ca, the server name and the certificates' dates",
  },
  BROKER_PACKET_LIMIT: {
    message: 'the broker takes no message of this size: {detail}',
    remedy: "raise the broker's maximum packet size, or lower batching.maxBytes; the proof is kept",
  },

  PROOF_INVALID: {
    message: 'not a valid proof: {detail}',
    remedy: 'check that the file is complete and a Fieldseal proof',
  },
  READING_PROOF_INVALID: {
    message: 'not a disclosed reading: {detail}',
    remedy: 'make it with `fieldseal prove-reading`',
  },
  RECEIPT_KEY_INVALID: {
    message: "the verifier's public key is not valid: {detail}",
    remedy: 'get it with `fieldseal verifier key` on the verifier',
  },
  ENROLMENT_INVALID: {
    message: 'the enrolment record is not valid: {detail}',
    remedy: 'make it again on the device with `fieldseal enroll`',
  },
  ENROLMENT_CONFLICT: {
    message: 'the device is known otherwise already: {detail}',
    remedy: 'compare with `fieldseal verifier devices`',
  },
  LEDGER_UNUSABLE: {
    message: 'the ledger cannot be used: {detail}',
    remedy: 'check the path, its permissions and the disk',
    temporary: true,
  },
  LISTEN_FAILED: { message: 'cannot listen: {detail}', remedy: 'choose a free address and port', temporary: true },
  DAEMON_NOT_RUNNING: {
    message: 'no daemon answers: {detail}',
    remedy: 'start it with `systemctl start fieldseal`; where it answers elsewhere, say so by --socket or --config',
    temporary: true,
  },
  DAEMON_DENIED: {
    message: 'the daemon may not be asked: {detail}',
    remedy: 'use sudo, or add yourself to the group of its socket',
  },
  INDEX_OUT_OF_RANGE: { message: 'no such reading: {detail}', remedy: '`fieldseal inspect` lists the readings' },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

export type ErrorCode = keyof typeof CATALOGUE;

export interface ErrorContext {
  /** What went wrong in this case; fills the catalogue's {detail}. */
  readonly detail: string;
  /** Where: a config path, a file, a port. */
  readonly place?: string;
  readonly cause?: unknown;
}

/** Something that an operator did or can mend: one line with a stable code, the place and the remedy. */
export class FieldsealError extends Error {
  override readonly name = 'FieldsealError';
  readonly code: ErrorCode;
  readonly place: string | undefined;
  readonly remedy: string;
  /** Time may mend it. */
  readonly isTemporary: boolean;
  readonly #context: ErrorContext;

  constructor(code: ErrorCode, context: ErrorContext) {
    const entry: CatalogueEntry = CATALOGUE[code];
    super(
      entry.message.replace('{detail}', () => oneLine(context.detail)),
      { cause: context.cause },
    );
    this.#context = context;
    this.code = code;
    this.place = context.place;
    this.isTemporary = entry.temporary ?? false;
    this.remedy = code === 'USAGE' && context.place ? `see \`${context.place} --help\`` : entry.remedy;
  }

  /** The same error, found at a place. */
  at(place: string): FieldsealError {
    return new FieldsealError(this.code, { ...this.#context, place });
  }

  /** What a log line says of it; the line's phrase stays constant. */
  toFields(): { code: ErrorCode; place: string | undefined; error: string; remedy: string } {
    return { code: this.code, place: this.place, error: this.message, remedy: this.remedy };
  }

  /** The one line that an operator reads: `CODE place: what happened (remedy)`. */
  toLine(): string {
    const place = this.place === undefined ? '' : ` ${this.place}`;
    return `${this.code}${place}: ${this.message} (${this.remedy})`;
  }
}

/** The system's code of an error, such as ENOSPC; undefined for any other. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof FieldsealError || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What a failed system call says of its reason, such as "no such file or directory (ENOENT)": the error line names the path
 * already. Any other error's message is left as it is.
 */
export function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const [, code, reason] = /^(E[A-Z0-9]+): ([^,]+), /.exec(message) ?? [];
  return reason === undefined ? message : `${reason} (${code})`;
}

/** Runs `work`, and says of an error that names no place where it lies. */
export async function locate<T>(place: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FieldsealError && error.place === undefined ? error.at(place) : error;
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
