const NAME = 'status.sock';

/** Where a packaged gateway answers: the unit's RuntimeDirectory is /run/fieldseal. */
export const PACKAGED_SOCKET = `unix:/run/fieldseal/${NAME}`;

/** The socket in the folder that systemd gives a service (RUNTIME_DIRECTORY, systemd.exec(5)); undefined where it gives none. */
export function runtimeSocket(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const [folder] = env['RUNTIME_DIRECTORY']?.split(':') ?? [];
  return folder === undefined || folder === '' ? undefined : `unix:${folder}/${NAME}`;
}
