/** One key of a udev rule: `ENV{ID_VENDOR_ID}=="1546"`. */
interface RuleKey {
  readonly key: string;
  readonly operator: '==' | '!=' | '=' | '+=' | ':=';
  readonly value: string;
}

/** What udev knows of a device: its properties, and its attributes in sysfs. */
export interface UdevDevice {
  readonly kernel: string;
  readonly subsystem: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface UdevOutcome {
  readonly properties: Readonly<Record<string, string>>;
  readonly symlinks: readonly string[];
  readonly tags: readonly string[];
  readonly group: string | undefined;
  readonly mode: string | undefined;
}

const KEY = /^([A-Z]+(?:\{[A-Za-z0-9_.]+\})?)(==|!=|\+=|:=|=)"([^"]*)"$/;
const KNOWN = /^(ACTION|SUBSYSTEM|KERNEL|GOTO|LABEL|GROUP|MODE|TAG|SYMLINK|ENV\{[A-Za-z0-9_.]+\}|ATTR\{[A-Za-z]+\})$/;

/** Reads udev rules (udev(7)), as far as ours go. @throws Error for what udev would refuse, or this doesn't know */
export function parseUdevRules(text: string): RuleKey[][] {
  const rules = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.split(/,\s*/).map((part) => parseKey(part, line)));
  const labels = rules.flat().flatMap(({ key, value }) => (key === 'LABEL' ? [value] : []));
  for (const { key, value } of rules.flat()) {
    if (key === 'GOTO' && !labels.includes(value)) throw new Error(`GOTO ${value}, which is no label`);
  }
  return rules;
}

function parseKey(part: string, line: string): RuleKey {
  const [, key, operator, value] = KEY.exec(part.trim()) ?? [];
  if (key === undefined || value === undefined || !KNOWN.test(key)) throw new Error(`cannot read ${part} in ${line}`);
  switch (operator) {
    case '==':
    case '!=':
    case '=':
    case '+=':
    case ':=':
      return { key, operator, value };
    default:
      throw new Error(`cannot read ${part} in ${line}`);
  }
}

/** What the rules make of a device that was added. */
export function applyUdevRules(rules: readonly (readonly RuleKey[])[], device: UdevDevice): UdevOutcome {
  const properties: Record<string, string> = { ...device.properties };
  const assigned = new Map<string, string[]>();
  let skipTo: string | undefined;
  const read = (key: string): string => {
    const name = /\{(.+)\}/.exec(key)?.[1] ?? '';
    if (key.startsWith('ENV')) return properties[name] ?? '';
    if (key.startsWith('ATTR')) return device.attributes?.[name] ?? '';
    if (key === 'ACTION') return 'add';
    return key === 'KERNEL' ? device.kernel : device.subsystem;
  };
  for (const rule of rules) {
    const label = rule.find(({ key }) => key === 'LABEL')?.value;
    if (skipTo !== undefined && label !== skipTo) continue;
    skipTo = undefined;
    const holds = rule.every(({ key, operator, value }) => {
      if (operator !== '==' && operator !== '!=') return true;
      return matches(read(key), value) === (operator === '==');
    });
    if (!holds) continue;
    for (const { key, operator, value } of rule) {
      if (operator === '==' || operator === '!=') continue;
      const filled = value.replaceAll(/\$env\{([^}]+)\}/g, (_, name: string) => properties[name] ?? '');
      if (key === 'GOTO') skipTo = filled;
      else if (key.startsWith('ENV')) properties[key.slice(4, -1)] = filled;
      else assigned.set(key, operator === '+=' ? [...(assigned.get(key) ?? []), filled] : [filled]);
    }
  }
  return {
    properties,
    symlinks: assigned.get('SYMLINK') ?? [],
    tags: assigned.get('TAG') ?? [],
    group: assigned.get('GROUP')?.[0],
    mode: assigned.get('MODE')?.[0],
  };
}

/** A shell pattern of udev's: alternatives by "|", with "*", "?" and "[0-9]". */
function matches(text: string, pattern: string): boolean {
  return pattern.split('|').some((one) => {
    const source = one.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
    return new RegExp(`^${source}$`).test(text);
  });
}
