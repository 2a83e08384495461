import { describe, expect, it } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { portError } from '../../daemon/serial/open-error.ts';
import { stateOfRefusal } from '../../daemon/serial/state.ts';

const errno = (code: string): Error => Object.assign(new Error(`${code}: something`), { code });

describe('an error at opening a port becomes one that an operator can act on', () => {
  it.each([
    // What the kernel says of a device node.
    { cause: errno('ENOENT'), code: 'PORT_NOT_FOUND', state: 'missing' },
    { cause: errno('ENXIO'), code: 'PORT_NOT_FOUND', state: 'missing' },
    { cause: errno('EACCES'), code: 'PORT_DENIED', state: 'denied' },
    { cause: errno('EPERM'), code: 'PORT_DENIED', state: 'denied' },
    { cause: errno('EBUSY'), code: 'PORT_BUSY', state: 'busy' },
    { cause: errno('EIO'), code: 'PORT_FAILED', state: 'failed' },
    // What serialport's binding says, which gives no code.
    {
      cause: new Error('Error: No such file or directory, cannot open /dev/x'),
      code: 'PORT_NOT_FOUND',
      state: 'missing',
    },
    {
      cause: new Error('Error: No such device or address, cannot open /dev/x'),
      code: 'PORT_NOT_FOUND',
      state: 'missing',
    },
    { cause: new Error('Error: Permission denied, cannot open /dev/x'), code: 'PORT_DENIED', state: 'denied' },
    { cause: new Error('Error: Device or resource busy, cannot open /dev/x'), code: 'PORT_BUSY', state: 'busy' },
    { cause: new Error('Error Resource temporarily unavailable Cannot lock port'), code: 'PORT_BUSY', state: 'busy' },
    { cause: new Error('Error: Invalid argument setting custom baud rate of 7'), code: 'PORT_FAILED', state: 'failed' },
    // What the network says of a far port.
    { cause: errno('ECONNREFUSED'), code: 'PORT_NOT_FOUND', state: 'missing' },
    { cause: errno('ENOTFOUND'), code: 'PORT_NOT_FOUND', state: 'missing' },
    { cause: 'no error at all', code: 'PORT_FAILED', state: 'failed' },
  ])('$cause -> $code', ({ cause, code, state }) => {
    const error = portError('/dev/x', cause);
    expect(error.code).toBe(code);
    expect(error.message).toContain('/dev/x');
    expect(stateOfRefusal(error.code)).toBe(state);
  });

  it('leaves such an error as it is', () => {
    const error = new FieldsealError('PORT_FAILED', { detail: '/dev/x is not a serial device' });
    expect(portError('/dev/x', error)).toBe(error);
  });
});
