import { type Command, judgeAck, type Plan } from './command.ts';
import { ubxFrame } from './frames.ts';
import { BAUD_RATE_KEY, findKey, isFlag, sizeOf } from './keys.ts';

type Value = number | boolean | string;

interface Item {
  readonly name: string;
  readonly key: number;
  /** Key and value, little-endian. */
  readonly bytes: Uint8Array;
}

const CLASS = 0x06;
const ID = 0x8a;
/** Bit 0 of layers: RAM, so that nothing outlives the receiver's power and no flash wears. */
const LAYER_RAM = 0x01;
/** UBX-CFG-VALSET takes so many keys at most. */
const MAX_ITEMS = 64;

/**
 * UBX-CFG-VALSET, version 0 (u-blox F9 interface description, "UBX-CFG-VALSET"): the items of a configuration, in as few
 * messages as hold them; the rate of the port comes last, by itself.
 */
export function planValset(items: Readonly<Record<string, Value>>): Plan {
  const problems: string[] = [];
  const good: Item[] = [];
  for (const [name, value] of Object.entries(items)) {
    const key = findKey(name);
    const bytes = key === undefined ? undefined : encode(key, value);
    if (key === undefined) problems.push(`${name}: no such key`);
    else if (bytes === undefined) problems.push(`${name}: ${String(value)} is no value of it`);
    else good.push({ name, key, bytes });
  }
  const others = good.filter(({ key }) => key !== BAUD_RATE_KEY);
  const commands: Command[] = [];
  for (let at = 0; at < others.length; at += MAX_ITEMS) commands.push(valset(others.slice(at, at + MAX_ITEMS)));
  for (const rate of good.filter(({ key }) => key === BAUD_RATE_KEY)) commands.push(valset([rate]));
  return { commands, problems };
}

function valset(items: readonly Item[]): Command {
  const payload = Uint8Array.from([0, LAYER_RAM, 0, 0, ...items.flatMap(({ bytes }) => [...bytes])]);
  const first = items[0]?.name ?? '';
  return {
    name: items.length > 1 ? `${first} and ${items.length - 1} more` : first,
    bytes: ubxFrame(CLASS, ID, payload),
    judge: judgeAck((CLASS << 8) | ID),
    ...(items.length > 1 ? { parts: items.map((item) => valset([item])) } : {}),
  };
}

/** A key with its value; undefined where the value does not fit. Negative numbers are in two's complement. */
function encode(key: number, value: Value): Uint8Array | undefined {
  const size = sizeOf(key);
  const number = toInteger(value);
  const bits = BigInt(isFlag(key) ? 1 : size * 8);
  if (number === undefined || number >= 1n << bits) return undefined;
  if (number < (isFlag(key) ? 0n : -(1n << (bits - 1n)))) return undefined;
  const bytes = new Uint8Array(4 + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, key, true);
  let rest = BigInt.asUintN(64, number);
  for (let at = 4; at < bytes.length; at++) {
    view.setUint8(at, Number(rest & 0xffn));
    rest >>= 8n;
  }
  return bytes;
}

function toInteger(value: Value): bigint | undefined {
  if (typeof value === 'string') return /^(-?\d{1,20}|0x[0-9a-f]{1,16})$/i.test(value) ? BigInt(value) : undefined;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
  return BigInt(value);
}
