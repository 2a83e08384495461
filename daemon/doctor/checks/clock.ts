import { RELEASED } from '../../version.ts';
import { type Finding, fail, ok, warn } from '../finding.ts';
import type { Patient } from '../patient.ts';

const AREA = 'clock';

/** Who vouches for the time, and what there is where nobody does. */
export async function checkClock({ config, clock, signal }: Patient): Promise<Finding[]> {
  const [report, rtc] = await Promise.all([clock.ntp(config.clock.ntp, signal), clock.rtc()]);
  const wall = clock.wallNow();
  const findings: Finding[] = [];
  if (wall < RELEASED) {
    const what = `the host's clock shows ${new Date(wall).toISOString()}, before this program was made`;
    findings.push(fail(AREA, what, 'install chrony or systemd-timesyncd, and let it reach a time server'));
  }
  if (report !== undefined) {
    const who = report.client === 'host' ? 'the configuration' : report.client;
    findings.push(ok(AREA, `${who} vouches for it, within ${inWords(report.uncertaintyMs)}`));
  } else if (config.clock.ntp === 'none') {
    findings.push(ok(AREA, 'no time server is asked, as the configuration says'));
  } else {
    const until = config.clock.gnss ? "receivers' time counts instead" : 'proofs say that their time is not known';
    const remedy =
      'see `chronyc tracking` or `timedatectl`; where another program keeps the clock, say clock.ntp: host';
    findings.push(warn(AREA, `no time server's client vouches for it; ${until}`, remedy));
  }
  return [...findings, ...rtcFindings(rtc, wall)];
}

function rtcFindings(rtc: number | undefined, wall: number): Finding[] {
  if (rtc === undefined) {
    return [ok(AREA, 'no battery-backed clock: after each start readings wait until the time is known')];
  }
  if (rtc < RELEASED) {
    const what = `the battery-backed clock shows ${new Date(rtc).toISOString()}`;
    return [warn(AREA, what, 'put in a battery; a time server then sets it by itself')];
  }
  const apart = Math.abs(rtc - wall);
  if (apart <= 2_000) return [ok(AREA, 'the battery-backed clock agrees')];
  return [warn(AREA, `the battery-backed clock is ${inWords(apart)} off`, 'set it: hwclock --systohc --utc')];
}

function inWords(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`;
}
