import { z } from 'zod';

/** A key of the u-blox configuration interface: by its name, or by its number. */
const ubxKey = z
  .string()
  .regex(/^(CFG-[A-Z0-9_]+-[A-Z0-9_]+|0x[0-9a-fA-F]{8})$/, 'is not CFG-GROUP-ITEM or 0xNNNNNNNN');
/** Printable ASCII but for what begins, ends or splits a sentence (IEC 61162-1, section 7.1). */
const sentence = z
  .string()
  .regex(/^[A-Za-z][\x20-\x23\x25-\x29\x2b-\x7e]{3,79}$/, 'is not a sentence without its $ and checksum');
const line = z.string().regex(/^[\x20-\x7e]{1,200}$/, 'is not one line of printable ASCII');

/** What a device is told at each opening of its port. The type is DeviceConfiguration of protocols/. */
export const configureSchema = z
  .strictObject({
    ubx: z
      .record(ubxKey, z.union([z.int(), z.boolean(), z.string().regex(/^(0x[0-9a-fA-F]+|-?\d+)$/, 'is not a number')]))
      .exactOptional()
      .describe('UBX-CFG-VALSET into RAM, u-blox generation 9 and later: values by key name or number'),
    ubxLegacy: z
      .strictObject({
        rateMs: z.int().min(25).max(65_535).exactOptional().describe('Time between measurements, ms (UBX-CFG-RATE)'),
        baudRate: z.int().min(4_800).max(921_600).exactOptional().describe('Baud rate of UART1 (UBX-CFG-PRT)'),
        messages: z
          .record(z.string().regex(/^[A-Z0-9]+(-[A-Z0-9]+)*$/, 'is not a message name'), z.int().min(0).max(255))
          .exactOptional()
          .describe('Epochs for each message, by name; 0 turns it off (UBX-CFG-MSG)'),
      })
      .exactOptional()
      .describe('u-blox generations 6 to 8'),
    nmea: z
      .array(sentence)
      .min(1)
      .exactOptional()
      .describe('Sentences without $ and checksum, in this order, such as PMTK220,100'),
    lines: z.array(line).min(1).exactOptional().describe('Lines of text commands, in this order, such as AT+CREG=2'),
  })
  .refine((parts) => Object.keys(parts).length > 0, 'tells the device nothing')
  .describe('What the device is told at each opening of its port; it has to acknowledge it');
