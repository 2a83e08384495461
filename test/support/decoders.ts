import { type CreateDecoder, type Decoder, type DecoderOptions, PROTOCOLS } from '../../daemon/protocols/index.ts';

const creators = new Map<string, CreateDecoder>();
for (const [name, protocol] of Object.entries(PROTOCOLS)) creators.set(name, await protocol.loadDecoder());

/** The decoder of a protocol, at once: all of them are loaded. */
export function createDecoder({ name }: { readonly name: string }, options: DecoderOptions): Decoder {
  const create = creators.get(name);
  if (create === undefined) throw new Error(`no protocol ${name}`);
  return create(options);
}
