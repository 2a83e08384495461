import { FieldsealError } from '../errors.ts';

/** A USB device by the ids of its descriptor, four hexadecimal digits each, and its serial number where several are alike. */
export interface UsbMatch {
  readonly vendorId: string;
  readonly productId: string;
  readonly serialNumber?: string;
}

export interface PortMatch {
  readonly usb: UsbMatch;
}

/** What is known of a serial port of this machine. */
export interface ListedPort {
  readonly path: string;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/**
 * The path of the one port that matches.
 *
 * @throws FieldsealError PORT_NOT_FOUND where there is none; PORT_FAILED where there is more than one, for to read the
 *   wrong device is worse than to read none
 */
export function findPort(match: PortMatch, ports: readonly ListedPort[]): string {
  const { vendorId, productId, serialNumber } = match.usb;
  const wanted = `USB ${vendorId}:${productId}${serialNumber === undefined ? '' : ` ${serialNumber}`}`;
  const found = ports.filter(
    (port) =>
      sameId(port.vendorId, vendorId) &&
      sameId(port.productId, productId) &&
      (serialNumber === undefined || port.serialNumber === serialNumber),
  );
  const [first, second] = found;
  if (first === undefined) throw new FieldsealError('PORT_NOT_FOUND', { detail: wanted });
  if (second !== undefined) {
    const paths = found.map((port) => port.path).join(', ');
    throw new FieldsealError('PORT_FAILED', { detail: `${wanted} is there more than once (${paths}): set its path` });
  }
  return first.path;
}

const sameId = (have: string | undefined, want: string): boolean => have?.toLowerCase() === want.toLowerCase();
