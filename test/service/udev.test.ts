import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { listProfiles, loadProfile, SHIPPED_PROFILES } from '../../daemon/profiles/index.ts';
import { applyUdevRules, parseUdevRules, type UdevDevice } from './udev-rules.ts';

const FILE = fileURLToPath(new URL('../../scripts/package/udev/61-fieldseal.rules', import.meta.url));
const rules = parseUdevRules(readFileSync(FILE, 'utf8'));

const folders = [SHIPPED_PROFILES];
const profiles = await Promise.all([...(await listProfiles(folders)).keys()].map((id) => loadProfile(id, folders)));
const matched = profiles.flatMap(({ id, serial }) =>
  serial?.match === undefined ? [] : [{ id, ...serial.match.usb }],
);

const tty = (vendorId: string, productId: string, more: Readonly<Record<string, string>> = {}): UdevDevice => ({
  kernel: 'ttyACM0',
  subsystem: 'tty',
  properties: {
    ...{ ID_BUS: 'usb', ID_VENDOR_ID: vendorId, ID_MODEL_ID: productId, ID_USB_INTERFACE_NUM: '00' },
    ...{ ID_PATH_TAG: 'platform-usb-0_1_1_1_0' },
    ...more,
  },
});

describe('udev rules', () => {
  it.each(matched)('know the device of $id, $vendorId:$productId', ({ vendorId, productId }) => {
    const { symlinks, group, mode, tags, properties } = applyUdevRules(rules, tty(vendorId, productId));
    expect(symlinks).toEqual([
      expect.stringMatching(/^fieldseal\/[a-z0-9-]+$/),
      expect.stringMatching(/^fieldseal\/[a-z0-9-]+-platform-usb-0_1_1_1_0$/),
    ]);
    expect([group, mode, tags]).toEqual(['dialout', '0660', ['systemd']]);
    expect(properties['ID_MM_PORT_IGNORE']).toBe('1');
    const device: UdevDevice = {
      kernel: '1-1',
      subsystem: 'usb',
      properties: { DEVTYPE: 'usb_device' },
      attributes: { idVendor: vendorId, idProduct: productId },
    };
    expect(applyUdevRules(rules, device).properties['ID_MM_DEVICE_IGNORE']).toBe('1');
  });

  it('name a device by its serial number where it has one', () => {
    const { symlinks } = applyUdevRules(rules, tty('1546', '01a9', { ID_SERIAL_SHORT: 'D3074C' }));
    expect(symlinks).toEqual(['fieldseal/ublox-9', 'fieldseal/ublox-9-D3074C']);
  });

  it.each([
    ['the AT port of a modem', tty('2c7c', '0125', { ID_USB_INTERFACE_NUM: '02' }), 2],
    ['another port of a modem', tty('2c7c', '0125', { ID_USB_INTERFACE_NUM: '03' }), 0],
    ['a device that no profile knows', tty('0403', '6001'), 0],
    ['a terminal', { kernel: 'tty1', subsystem: 'tty', properties: {} }, 0],
  ] satisfies [string, UdevDevice, number][])('give %s as many names as it needs', (_what, device, names) => {
    const { symlinks, properties } = applyUdevRules(rules, device);
    expect(symlinks.length).toBe(names);
    expect(properties['ID_MM_PORT_IGNORE']).toBeUndefined();
  });

  const canVerify = spawnSync('udevadm', ['verify', '--help']).status === 0;
  it.skipIf(!canVerify)(
    `are good by udevadm's own judgement${canVerify ? '' : ' (skipped: udevadm verify needs systemd 254)'}`,
    () => {
      execFileSync('udevadm', ['verify', '--no-summary', FILE]);
    },
  );
});
