import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** A mistake in a YAML file that an operator wrote. */
export interface Fault {
  readonly kind: 'syntax' | 'unknown-key' | 'invalid';
  /** FILE:LINE KEY */
  readonly place: string;
  readonly detail: string;
}

export type Parsed<T> = { readonly value: T } | { readonly faults: readonly Fault[] };

/** One mistake of syntax brings others with it that say nothing more. */
const MAX_SYNTAX_FAULTS = 3;
const MAX_QUOTED = 60;

/** Parses a YAML text and holds it against a schema. Every mistake is a fault with file, line and key; nothing is thrown. */
export function parseYaml<S extends z.ZodType>(text: string, file: string, schema: S): Parsed<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    const faults = document.errors.slice(0, MAX_SYNTAX_FAULTS).map(({ code, message, pos }): Fault => {
      const detail = code === 'MULTIPLE_DOCS' ? 'it holds more than one document' : message;
      return { kind: 'syntax', place: `${file}:${lines.linePos(pos[0]).line}`, detail };
    });
    return { faults };
  }
  let data: unknown;
  try {
    data = document.toJS() ?? {};
  } catch (error) {
    // An alias without its anchor, or aliases of aliases without end.
    if (!(error instanceof ReferenceError)) throw error;
    return { faults: [{ kind: 'syntax', place: `${file}:1`, detail: error.message }] };
  }
  const result = schema.safeParse(data);
  if (result.success) return { value: result.data };

  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      if (hasRange(node)) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const placeOf = (path: readonly PropertyKey[]): string => {
    const key = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
    return `${file}:${lineOf(path)} ${key.slice(1) || '(top level)'}`;
  };
  const faults = result.error.issues.flatMap((issue): Fault[] => {
    if (issue.code !== 'unrecognized_keys') {
      return [{ kind: 'invalid', place: placeOf(issue.path), detail: inWords(issue, valueAt(data, issue.path)) }];
    }
    return issue.keys.map((key) => ({
      kind: 'unknown-key',
      place: placeOf([...issue.path, key]),
      detail: JSON.stringify(key),
    }));
  });
  return { faults };
}

/** zod's words where they are plain enough, ours where they are not. */
function inWords(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is empty';
  const written = quote(value);
  switch (issue.code) {
    case 'invalid_type':
      return `${written} is not ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `${written} is none of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.message.startsWith('Too small') && issue.origin !== 'array'
        ? `${written} is ${issue.origin === 'string' ? 'too short' : `less than ${issue.minimum}`}`
        : lowerFirst(issue.message);
    case 'too_big':
      return issue.message.startsWith('Too big') && issue.origin !== 'array'
        ? `${written} is ${issue.origin === 'string' ? `longer than ${issue.maximum}` : `more than ${issue.maximum}`}`
        : lowerFirst(issue.message);
    default:
      return issue.message.startsWith('is ') && typeof value === 'string'
        ? `${written} ${issue.message}`
        : lowerFirst(issue.message);
  }
}

/** The value as it was written; left out where it is long, or where a URL may hold a password. */
function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_QUOTED || text.includes('@') ? 'the value' : text;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a section of keys',
  record: 'a section of keys',
  array: 'a list',
};

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

const hasRange = (node: unknown): node is { range: readonly [number, number, number] } =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
