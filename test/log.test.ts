import { fstatSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog, logDestination } from '../daemon/log.ts';

function listen(isTTY: boolean, env: Readonly<Record<string, string>> = {}) {
  const lines: string[] = [];
  const stderr = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString('utf8'));
        done();
      },
    }),
    { isTTY },
  );
  return { log: createLog('info', logDestination(stderr, env)), lines };
}

describe('the log', () => {
  it('is JSON lines in a pipe', () => {
    const { log, lines } = listen(false);
    log.child({ room: 'serial', source: 'gnss' }).info({ path: '/dev/ttyACM0' }, 'port is read');
    log.debug({}, 'not told');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      ...{ level: 30, room: 'serial', source: 'gnss', path: '/dev/ttyACM0', msg: 'port is read' },
      time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
    });
    expect(lines[0]).toMatch(/\}\n$/);
  });

  it('is in words on a terminal', () => {
    const { log, lines } = listen(true);
    log.child({ room: 'serial', source: 'gnss' }).info({ path: '/dev/ttyACM0', baudRate: 9600 }, 'port is read');
    log.child({ room: 'broker' }).warn({ error: 'no "route"\nhere', list: [1, 2] }, 'no connection');
    log.error({ empty: '' }, 'over');
    const time = String.raw`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}`;
    expect(lines[0]).toMatch(
      new RegExp(`^${time} info  serial gnss  port is read  path=/dev/ttyACM0  baudRate=9600\n$`),
    );
    expect(lines[1]).toMatch(
      new RegExp(`^${time} warn  broker  no connection  error="no \\\\"route\\\\"\\\\nhere"  list=\\[1,2\\]\n$`),
    );
    expect(lines[2]).toMatch(new RegExp(`^${time} error  over  empty=""\n$`));
  });

  it('tells the journal its priority, where standard error goes there', () => {
    const { dev, ino } = fstatSync(2, { bigint: true });
    const { log, lines } = listen(false, { JOURNAL_STREAM: `${dev}:${ino}` });
    log.info({}, 'good');
    log.warn({}, 'odd');
    log.error({}, 'bad');
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['<6>{', '<4>{', '<3>{']);
    const elsewhere = listen(false, { JOURNAL_STREAM: '1:1' });
    elsewhere.log.info({}, 'good');
    expect(elsewhere.lines[0]).toMatch(/^\{/);
  });
});
