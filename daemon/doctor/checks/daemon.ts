import { FieldsealError } from '../../errors.ts';
import { askStatus } from '../../page/ask.ts';
import type { StatusReport } from '../../page/report.ts';
import { PACKAGED_SOCKET, runtimeSocket } from '../../page/socket.ts';
import { type Finding, fail, ok, warn } from '../finding.ts';
import type { Patient } from '../patient.ts';

const AREA = 'daemon';

/** A daemon that runs holds ports and token: it is asked instead of them. */
export async function checkDaemon({ config, holder, env }: Patient): Promise<Finding[]> {
  if (holder === undefined) return [ok(AREA, 'does not run: ports and token are tried from here')];
  const runs = ok(AREA, `runs as process ${holder}: it holds ports and token, and is asked how they are`);
  const address = config.health.listen ?? runtimeSocket(env) ?? PACKAGED_SOCKET;
  try {
    return [runs, ...findingsOf(await askStatus(address))];
  } catch (error) {
    if (!(error instanceof FieldsealError)) throw error;
    return [runs, warn(AREA, `its status cannot be had: ${error.message}`, 'set health.listen, or ask as its user')];
  }
}

function findingsOf({ sources, sealer, uplink, outbox, software, findings }: StatusReport): Finding[] {
  const running = sources.filter(({ state }) => state === 'running').map(({ source }) => source);
  const seals = `${sealer.proofs} proofs sealed, ${uplink.published} published, ${outbox.proofs} wait`;
  return [
    ok(AREA, `${software.name} ${software.version}: ${seals}`),
    ...(running.length === 0 ? [] : [ok(AREA, `reads ${running.join(', ')}`)]),
    ...findings.map(({ level, area, text }) =>
      level === 'bad'
        ? fail(AREA, `${area} ${text}`, '`fieldseal status` and the journal tell more; see docs/operations.md')
        : warn(AREA, `${area} ${text}`, '`fieldseal status` tells more'),
    ),
  ];
}
