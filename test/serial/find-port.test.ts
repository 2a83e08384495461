import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  it('tries again at once when a USB device appears, whatever its number', async () => {
    const nodes = mkdtempSync(join(tmpdir(), 'fieldseal-nodes-'));
    let ports = [{ path: nodes, ...UBLOX }];
    const transport = new SerialTransport('auto', { usb: UBLOX }, async () => ports, nodes);
    await expect(transport.open(9_600)).rejects.toMatchObject({ code: 'PORT_FAILED' });
    ports = [];
    await expect(transport.open(9_600)).rejects.toMatchObject({ code: 'PORT_NOT_FOUND' });
    const never = new AbortController();
    let tried = false;
    const changed = transport.changed(never.signal).then(() => {
      tried = true;
    });
    writeFileSync(join(nodes, 'sda1'), '');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(tried).toBe(false);
    writeFileSync(join(nodes, 'ttyACM7'), '');
    await changed;
    const stopped = transport.changed(AbortSignal.abort());
    await stopped;
    rmSync(nodes, { recursive: true });
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
