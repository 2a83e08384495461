import { FieldsealError } from '../errors.ts';
import type { LibraryInfo, TokenInfo } from '../native.ts';
import type { TokenConnection } from './connection.ts';
import type { LoginGuard } from './login.ts';
import type { Pkcs11Uri } from './uri.ts';

/** CKF_TOKEN_INITIALIZED (PKCS#11 base specification, section 3.2, table 6): SoftHSM always shows a blank token too. */
const CKF_TOKEN_INITIALIZED = 0x400;

/** Opens a session on the token that the URI names and logs in. Throws FieldsealError or Pkcs11Failure. */
export async function openToken(
  connection: TokenConnection,
  uri: Pkcs11Uri,
  guard: LoginGuard,
  { writable }: { writable: boolean },
): Promise<TokenInfo> {
  checkLibrary(uri, await connection.initialize());
  const token = chooseToken(uri, await connection.tokens());
  await connection.openSession(token.slot, writable);
  await guard.login(connection, uri, token);
  return token;
}

/** The one token that has everything that the URI names. Throws FieldsealError TOKEN_NOT_FOUND or TOKEN_AMBIGUOUS. */
export function chooseToken(uri: Pkcs11Uri, tokens: readonly TokenInfo[]): TokenInfo {
  const usable = tokens.filter((token) => (token.flags & CKF_TOKEN_INITIALIZED) !== 0);
  const [chosen, ...others] = usable.filter((token) => matches(uri, token));
  const list = (some: readonly TokenInfo[]): string =>
    some.map((token) => `"${token.label}" (serial ${token.serial})`).join(', ') || 'none';
  if (chosen === undefined) {
    throw new FieldsealError('TOKEN_NOT_FOUND', { detail: `${uri.shown}; present: ${list(usable)}` });
  }
  if (others.length > 0) {
    throw new FieldsealError('TOKEN_AMBIGUOUS', { detail: `${uri.shown}: ${list([chosen, ...others])}` });
  }
  return chosen;
}

function matches({ token: wanted, slot }: Pkcs11Uri, token: TokenInfo): boolean {
  const same = (want: string | undefined, is: string): boolean => want === undefined || want === is;
  return (
    same(wanted.label, token.label) &&
    same(wanted.manufacturer, token.manufacturer) &&
    same(wanted.model, token.model) &&
    same(wanted.serial, token.serial) &&
    same(slot.description, token.slotDescription) &&
    same(slot.manufacturer, token.slotManufacturer) &&
    (slot.id === undefined || slot.id === token.slot)
  );
}

function checkLibrary({ library: wanted, shown }: Pkcs11Uri, library: LibraryInfo): void {
  for (const name of ['manufacturer', 'description', 'version'] as const) {
    if (wanted[name] !== undefined && wanted[name] !== library[name]) {
      throw new FieldsealError('TOKEN_NOT_FOUND', { detail: `${shown}: the library's ${name} is "${library[name]}"` });
    }
  }
}
