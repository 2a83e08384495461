import { basename, dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { FieldsealError } from '../errors.ts';
import {
  type DeviceProfile,
  type GatewayPreset,
  isPresetId,
  listPresets,
  listProfiles,
  loadPreset,
  loadProfile,
  readPreset,
  readProfile,
  SHIPPED_PROFILES,
} from '../profiles/index.ts';
import { answerNo, type CommandIo, examples, printJson, printLine, readNamedFile, toHex } from './io.ts';

interface FolderOptions {
  folder?: string[];
  json?: true;
}

const collect = (folder: string, folders: string[] = []): string[] => [...folders, folder];

export function profilesCommand(io: CommandIo): Command {
  const withFolder = (command: Command): Command =>
    command
      .option('--folder <dir>', 'search this folder too, before those that come with Fieldseal', collect)
      .option('--json', 'print JSON for a program');
  const list = withFolder(new Command('list'))
    .summary('list the devices, and the presets of whole gateways, that Fieldseal knows')
    .addHelpText('after', examples('fieldseal profiles list'))
    .action((options: FolderOptions) => listAll(io, options));
  const show = withFolder(new Command('show'))
    .summary('show one profile or preset')
    .argument('<id>', 'such as gnss/generic-nmea')
    .addHelpText('after', examples('fieldseal profiles show gnss/ublox-neo-m9n'))
    .action((id: string, options: FolderOptions) => showOne(io, id, options));
  const check = new Command('check')
    .summary('check files of profiles and presets')
    .argument('<file...>')
    .option('--json', 'print JSON for a program')
    .addHelpText('after', examples('fieldseal profiles check my-profiles/gnss/roof.yaml'))
    .action((files: string[], options: { json?: true }) => checkFiles(io, files, options));
  return new Command('profiles')
    .addHelpText('after', examples('fieldseal profiles list'))
    .addCommand(list)
    .addCommand(show)
    .addCommand(check);
}

const foldersOf = ({ folder }: FolderOptions): string[] => [...(folder ?? []), SHIPPED_PROFILES];

async function listAll(io: CommandIo, options: FolderOptions): Promise<void> {
  const folders = foldersOf(options);
  const good: (DeviceProfile | GatewayPreset)[] = [];
  for (const [id, file] of [...(await listProfiles(folders)), ...(await listPresets(folders))]) {
    const item = await (isPresetId(id) ? readPreset(file, id) : readProfile(file, id)).catch(asRefusal);
    if (!(item instanceof FieldsealError)) good.push(item);
    else {
      // One bad file hides no good ones.
      answerNo(io);
      await printLine(io.stderr, item.toLine());
    }
  }
  if (options.json) return printJson(io.stdout, good.map(summaryOf));
  const width = Math.max(0, ...good.map(({ id }) => id.length));
  for (const { id, title } of good) await printLine(io.stdout, `${id.padEnd(width)}  ${title}`);
}

async function showOne(io: CommandIo, id: string, options: FolderOptions): Promise<void> {
  const folders = foldersOf(options);
  if (isPresetId(id)) return showPreset(io, await loadPreset(id, folders), options);
  const profile = await loadProfile(id, folders);
  if (options.json) {
    const { serial, network, settings, configure, readings, plausible } = profile;
    return printJson(io.stdout, { ...summaryOf(profile), serial, network, settings, configure, readings, plausible });
  }
  await printLine(io.stdout, `# ${profile.file}\n# SHA-256 ${toHex(profile.digest)}`);
  await printFile(io, profile.file);
}

async function showPreset(io: CommandIo, preset: GatewayPreset, { json }: FolderOptions): Promise<void> {
  const { file, ports, cameras } = preset;
  if (json) return printJson(io.stdout, { ...summaryOf(preset), ports, cameras });
  await printLine(io.stdout, `# ${file}`);
  await printFile(io, file);
}

async function printFile(io: CommandIo, file: string): Promise<void> {
  await printLine(io.stdout, (await readNamedFile(file)).toString('utf8').trimEnd());
}

async function checkFiles(io: CommandIo, files: readonly string[], { json }: { json?: true }): Promise<void> {
  const results = await Promise.all(files.map(checkFile));
  if (results.some((result) => !result.ok)) answerNo(io);
  if (json) return printJson(io.stdout, results);
  for (const result of results) await printLine(result.ok ? io.stdout : io.stderr, result.line);
}

async function checkFile(file: string): Promise<{ file: string; ok: boolean; line: string }> {
  const item = await (isPresetFile(file) ? readPreset(file) : readProfile(file)).catch(asRefusal);
  if (item instanceof FieldsealError) return { file, ok: false, line: item.toLine() };
  return { file, ok: true, line: `${file}: good (${item.id}, ${item.title})` };
}

/** A preset stands in a folder of its family. */
const isPresetFile = (file: string): boolean => isPresetId(`${basename(dirname(resolve(file)))}/`);

/** A profile that is not valid is an answer; that a file cannot be read is not. */
function asRefusal(error: unknown): FieldsealError {
  if (error instanceof FieldsealError && error.code === 'PROFILE_INVALID') return error;
  throw error;
}

function summaryOf(item: DeviceProfile | GatewayPreset): object {
  const { id, title, file } = item;
  if (!('protocol' in item)) return { id, title, file };
  return { id, title, protocol: item.protocol, digest: toHex(item.digest), file };
}
