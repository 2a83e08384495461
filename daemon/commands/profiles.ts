import { Command } from 'commander';
import { FieldsealError } from '../errors.ts';
import { type DeviceProfile, listProfiles, loadProfile, readProfile, SHIPPED_PROFILES } from '../profiles/index.ts';
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
    .summary('list the devices that Fieldseal knows')
    .addHelpText('after', examples('fieldseal profiles list'))
    .action((options: FolderOptions) => listAll(io, options));
  const show = withFolder(new Command('show'))
    .summary('show one profile')
    .argument('<id>', 'such as gnss/generic-nmea')
    .addHelpText('after', examples('fieldseal profiles show gnss/ublox-neo-m9n'))
    .action((id: string, options: FolderOptions) => showOne(io, id, options));
  const check = new Command('check')
    .summary('check profile files')
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
  const files = await listProfiles(foldersOf(options));
  const profiles: DeviceProfile[] = [];
  for (const [id, file] of files) {
    const profile = await readProfile(file, id).catch(asRefusal);
    if (!(profile instanceof FieldsealError)) profiles.push(profile);
    else {
      // One bad file hides no good ones.
      answerNo(io);
      await printLine(io.stderr, profile.toLine());
    }
  }
  if (options.json) return printJson(io.stdout, profiles.map(summaryOf));
  const width = Math.max(0, ...profiles.map((profile) => profile.id.length));
  for (const profile of profiles) await printLine(io.stdout, `${profile.id.padEnd(width)}  ${profile.title}`);
}

async function showOne(io: CommandIo, id: string, options: FolderOptions): Promise<void> {
  const profile = await loadProfile(id, foldersOf(options));
  if (options.json) {
    const { serial, network, settings, configure, readings, plausible } = profile;
    return printJson(io.stdout, { ...summaryOf(profile), serial, network, settings, configure, readings, plausible });
  }
  await printLine(io.stdout, `# ${profile.file}\n# SHA-256 ${toHex(profile.digest)}`);
  await printLine(io.stdout, (await readNamedFile(profile.file)).toString('utf8').trimEnd());
}

async function checkFiles(io: CommandIo, files: readonly string[], { json }: { json?: true }): Promise<void> {
  const results = await Promise.all(files.map(checkFile));
  if (results.some((result) => !result.ok)) answerNo(io);
  if (json) return printJson(io.stdout, results);
  for (const result of results) await printLine(result.ok ? io.stdout : io.stderr, result.line);
}

async function checkFile(file: string): Promise<{ file: string; ok: boolean; line: string }> {
  const profile = await readProfile(file).catch(asRefusal);
  if (profile instanceof FieldsealError) return { file, ok: false, line: profile.toLine() };
  return { file, ok: true, line: `${file}: good (${profile.id}, ${profile.title})` };
}

/** A profile that is not valid is an answer; that a file cannot be read is not. */
function asRefusal(error: unknown): FieldsealError {
  if (error instanceof FieldsealError && error.code === 'PROFILE_INVALID') return error;
  throw error;
}

const summaryOf = ({ id, title, protocol, digest, file }: DeviceProfile) => ({
  id,
  title,
  protocol,
  digest: toHex(digest),
  file,
});
