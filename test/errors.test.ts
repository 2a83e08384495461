import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, type ErrorCode, EXIT, FieldsealError, locate, reasonOf } from '../daemon/errors.ts';

const codes = Object.keys(CATALOGUE) as ErrorCode[];

describe('the catalogue', () => {
  it.each(codes)('%s says what happened and what to do, on one line', (code) => {
    const { message, remedy } = CATALOGUE[code];
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(message.split('{detail}')).toHaveLength(2);
    expect(remedy).toMatch(/^\S.{5,}[^.\s]$/);
    expect(`${message}${remedy}`).not.toMatch(/\n/);
  });

  it('names only commands that there are', () => {
    const source = readFileSync(new URL('../daemon/commands/index.ts', import.meta.url), 'utf8');
    const commands = [...source.matchAll(/name: '([a-z-]+)'/g)].map(([, name]) => name);
    for (const { remedy } of Object.values(CATALOGUE)) {
      for (const [, command] of remedy.matchAll(/`fieldseal ([a-z][a-z-]*)/g)) expect(commands).toContain(command);
    }
  });
});

describe('what time may mend', () => {
  const isTemporary = (code: ErrorCode) => new FieldsealError(code, { detail: '' }).isTemporary;

  it('ends the program as sysexits(3) has it: EX_TEMPFAIL', () => {
    expect(EXIT.temporary).toBe(75);
  });

  it.each([
    'TOKEN_NOT_FOUND',
    'TOKEN_FAILED',
    'TOKEN_TIMEOUT',
    'OUTBOX_UNUSABLE',
    'OUTBOX_LOCKED',
    'LISTEN_FAILED',
  ] as const)('%s is', (code) => expect(isTemporary(code)).toBe(true));

  it.each([
    'PIN_WRONG',
    'PIN_LOCKED',
    'KEY_NOT_FOUND',
    'KEY_CHANGED',
    'MODULE_NOT_LOADED',
    'CONFIG_INVALID',
    'USAGE',
  ] as const)('%s is not: nobody should try it again without looking', (code) => expect(isTemporary(code)).toBe(false));
});

describe('an error', () => {
  it('is one line: code, place, what happened, remedy', () => {
    const error = new FieldsealError('KEY_NOT_FOUND', { detail: 'object=device', place: 'signer.uri' });
    const remedy = CATALOGUE.KEY_NOT_FOUND.remedy;
    expect(error.toLine()).toBe(`KEY_NOT_FOUND signer.uri: there is no such key: object=device (${remedy})`);
    expect(new FieldsealError('KEY_NOT_FOUND', { detail: 'x' }).toLine()).toMatch(/^KEY_NOT_FOUND: /);
  });

  it('stays one line where a detail has several, and takes it literally', () => {
    const line = new FieldsealError('TOKEN_FAILED', { detail: 'first\n  second\r\nthird $& {detail}' }).toLine();
    expect(line).toContain('first second third $& {detail}');
    expect(line).not.toMatch(/[\r\n]/);
  });

  it('is given the place where it has none, with its cause', async () => {
    const cause = new Error('deep');
    const fail = () => Promise.reject(new FieldsealError('PIN_WRONG', { detail: 'no', cause }));
    await expect(locate('signer.uri', fail)).rejects.toMatchObject({ code: 'PIN_WRONG', place: 'signer.uri', cause });
    const placed = () => Promise.reject(new FieldsealError('PIN_WRONG', { detail: 'no', place: 'here' }));
    await expect(locate('signer.uri', placed)).rejects.toMatchObject({ place: 'here' });
    await expect(locate('signer.uri', () => Promise.reject(cause))).rejects.toBe(cause);
    expect(await locate('signer.uri', () => 7)).toBe(7);
  });
});

describe('the reason of a system error', () => {
  it.each([
    ["ENOENT: no such file or directory, open '/etc/fieldseal/pin'", 'no such file or directory (ENOENT)'],
    ['EISDIR: illegal operation on a directory, read', 'illegal operation on a directory (EISDIR)'],
    ['something else: entirely, so', 'something else: entirely, so'],
  ])('of %j is %j', (message, reason) => {
    expect(reasonOf(new Error(message))).toBe(reason);
  });
});
