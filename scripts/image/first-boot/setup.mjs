import { parseDocument } from 'yaml';
import { z } from 'zod';

const text = z.string().min(1);
/** A file beside the set-up file: a plain name, so that nothing else of the gateway can be named. */
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'is not the name of a file beside this one');
const publicKey = z.looseObject({ kty: z.literal('EC'), crv: text, x: text, y: text });

const schema = z.strictObject({
  hostname: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'is not a host name of small letters, digits and hyphens')
    .optional(),
  owner: text.optional(),
  place: z
    .string()
    .regex(
      /^-?\d+(\.\d+)?, ?-?\d+(\.\d+)?(, ?-?\d+(\.\d+)?)?$/,
      'is not "latitude,longitude" or "latitude,longitude,altitude"',
    )
    .optional(),
  wifi: z
    .strictObject({
      ssid: z.string().refine((name) => ssidFits(name), 'is not a network name of 1 to 32 bytes'),
      password: z
        .string()
        .regex(/^[\x20-\x7e]{8,63}$/, 'is not a Wi-Fi password of 8 to 63 characters')
        .optional(),
      country: z.string().regex(/^[A-Z]{2}$/, 'is not a country code of two capital letters, such as DE'),
    })
    .optional(),
  ssh: z
    .strictObject({
      authorizedKeys: z
        .array(
          z
            .string()
            .regex(/^(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$/, 'is not a line of an id_*.pub file'),
        )
        .min(1),
    })
    .optional(),
  ntp: z.array(z.string().regex(/^[A-Za-z0-9.:-]+$/, 'is not a host name or address')).optional(),
  key: z
    .strictObject({
      uri: z
        .string()
        .regex(/^pkcs11:/, 'is not a pkcs11: URI; left out, the key is a file')
        .optional(),
      algorithm: z.enum(['ES256K', 'ES256']).default('ES256K'),
      pin: text.optional(),
    })
    .refine(({ uri, pin }) => pin === undefined || uri !== undefined, {
      path: ['pin'],
      message: 'is of no use without the URI of a token',
    })
    .prefault({}),
  preset: text.optional(),
  ports: z.array(z.unknown()).optional(),
  cameras: z.array(z.unknown()).optional(),
  broker: z
    .strictObject({
      url: text,
      username: text.optional(),
      password: text.optional(),
      ca: fileName.optional(),
      cert: fileName.optional(),
      key: fileName.optional(),
    })
    .refine(({ username, password }) => password === undefined || username !== undefined, {
      path: ['password'],
      message: 'needs username beside it',
    })
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'needs both cert and key, or neither'),
  verifier: z.union([fileName, publicKey], {
    error: () => 'is neither the name of a file beside this one nor the public key itself',
  }),
  config: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Reads the set-up file that an operator wrote. Gives `{ setup }`, or `{ mistakes }`: one sentence each, in the words of
 * that file.
 */
export function readSetup(source) {
  // Windows editors put a byte order mark first.
  const document = parseDocument(source.replace(/^\uFEFF/, ''), { prettyErrors: true });
  if (document.errors.length > 0) {
    return { mistakes: document.errors.map(({ message }) => `It is not valid YAML: ${message.split('\n')[0]}`) };
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {}, { reportInput: true });
  return parsed.success ? { setup: parsed.data } : { mistakes: parsed.error.issues.flatMap(describe) };
}

function describe(issue) {
  const key = keyOf(issue.path);
  if (issue.input === undefined && key !== '') return [`${key} is missing.`];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((name) => `There is no such key: ${key === '' ? name : `${key}.${name}`}.`);
    case 'invalid_type':
      if (issue.expected === 'string') return [`${key} is not text: write it in quotes.`];
      return [`${key === '' ? 'The file' : key} is not ${KINDS[issue.expected] ?? issue.expected}.`];
    case 'invalid_value':
      return [`${key} is none of ${issue.values.join(', ')}.`];
    case 'too_small':
      return [`${key} is empty.`];
    default:
      return [`${key} ${issue.message}.`];
  }
}

const KINDS = { object: 'a list of "key: value" lines', record: 'a list of "key: value" lines', array: 'a list' };

/** `ports[0].path`, as the daemon writes places too. */
export function keyOf(path) {
  return path.reduce((key, step) => {
    if (typeof step === 'number') return `${key}[${step}]`;
    return key === '' ? String(step) : `${key}.${String(step)}`;
  }, '');
}

function ssidFits(name) {
  const { length } = Buffer.from(name);
  return length >= 1 && length <= 32;
}

/** The set-up without its secrets, for the copy that stays on the boot partition. */
export function withoutSecrets(setup) {
  const moved = '(moved to the gateway)';
  const { wifi, broker, key } = setup;
  return {
    ...setup,
    ...(wifi?.password === undefined ? {} : { wifi: { ...wifi, password: moved } }),
    broker: broker.password === undefined ? broker : { ...broker, password: moved },
    key: key.pin === undefined ? key : { ...key, pin: moved },
  };
}
