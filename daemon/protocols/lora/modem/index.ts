import type { CreateDecoder, Protocol } from '../../protocol.ts';
import type { Dialect } from './dialect.ts';
import { RADIO_SETTINGS, type Radio, readRadio } from './radio.ts';

/** RAKwireless RAK3172 and other RUI3 modules: RUI3 AT Command Manual, "P2P mode"; also firmware before RUI3 (1.0.x). */
export const rak3172: Protocol = {
  name: 'rak3172',
  title: 'RAKwireless RAK3172 and other RUI3 modems in P2P mode',
  kinds: ['lora.uplink', 'lora.beacon'],
  settings: RADIO_SETTINGS,
  loadDecoder: async () => {
    const { Rak3172Dialect } = await import('./rak3172.ts');
    return modemDecoder((radio) => new Rak3172Dialect(radio));
  },
};

/** Microchip RN2483 and RN2903: RN2483 LoRa Technology Module Command Reference User's Guide (DS40001784G), section 2.5. */
export const rn2483: Protocol = {
  name: 'rn2483',
  title: 'Microchip RN2483 and RN2903 modems (radio rx)',
  kinds: ['lora.uplink', 'lora.beacon'],
  settings: RADIO_SETTINGS,
  loadDecoder: async () => {
    const { Rn2483Dialect } = await import('./rn2483.ts');
    return modemDecoder((radio) => new Rn2483Dialect(radio));
  },
};

/** Seeed Wio-E5 and LoRa-E5, also RHF76-052: LoRa-E5 AT Command Specification V1.0, section 4.30 (AT+TEST). */
export const wioE5: Protocol = {
  name: 'wio-e5',
  title: 'Seeed Wio-E5 / LoRa-E5 modems in AT+TEST mode',
  kinds: ['lora.uplink', 'lora.beacon'],
  settings: RADIO_SETTINGS,
  loadDecoder: async () => {
    const { WioE5Dialect } = await import('./wio-e5.ts');
    return modemDecoder((radio) => new WioE5Dialect(radio));
  },
};

/** All of them are told alike what to do; the dialect says in which words. */
async function modemDecoder(dialectFor: (radio: Radio) => Dialect): Promise<CreateDecoder> {
  const { ModemDecoder } = await import('./decoder.ts');
  return (options) => new ModemDecoder(options, dialectFor(readRadio(options.settings)));
}
