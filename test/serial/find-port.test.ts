import { describe, expect, it } from 'vitest';
import { findPort } from '../../daemon/serial/find-port.ts';
import { SerialTransport } from '../../daemon/serial/serial-transport.ts';

const UBLOX = { vendorId: '1546', productId: '01a9' };
const PORTS = [
  { path: '/dev/ttyS0' },
  { path: '/dev/ttyACM0', vendorId: '1546', productId: '01A9', serialNumber: 'A' },
  { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', serialNumber: 'B' },
  { path: '/dev/ttyUSB1', vendorId: '0403', productId: '6001', serialNumber: 'C' },
];

describe('finding a port by its USB ids', () => {
  it.each([
    { usb: UBLOX, path: '/dev/ttyACM0' },
    { usb: { ...UBLOX, serialNumber: 'A' }, path: '/dev/ttyACM0' },
    { usb: { vendorId: '0403', productId: '6001', serialNumber: 'C' }, path: '/dev/ttyUSB1' },
  ])('$usb -> $path', ({ usb, path }) => {
    expect(findPort({ usb }, PORTS)).toBe(path);
  });

  it.each([
    { usb: { vendorId: '1546', productId: '01a8' }, code: 'PORT_NOT_FOUND' },
    { usb: { ...UBLOX, serialNumber: 'Z' }, code: 'PORT_NOT_FOUND' },
    { usb: { vendorId: '0403', productId: '6001' }, code: 'PORT_FAILED' },
  ])('refuses $usb with $code rather than to take another device', ({ usb, code }) => {
    expect(() => findPort({ usb }, PORTS)).toThrow(expect.objectContaining({ code }));
  });

  it('is what the path "auto" does', async () => {
    const list = async () => PORTS;
    const found = new SerialTransport('auto', { usb: UBLOX }, async () => [{ path: '/nowhere/tty', ...UBLOX }]);
    await expect(found.open(9_600)).rejects.toMatchObject({ code: 'PORT_NOT_FOUND' });
    const ambiguous = new SerialTransport('auto', { usb: { vendorId: '0403', productId: '6001' } }, list);
    await expect(ambiguous.open(9_600)).rejects.toThrow('/dev/ttyUSB0, /dev/ttyUSB1');
    await expect(new SerialTransport('auto', undefined, list).open(9_600)).rejects.toThrow('names no USB ids');
  });
});
