import { createRequire } from 'node:module';
import type { Type } from 'protobufjs';

/** The fields that are read of Meshtastic's mesh.proto and config.proto, by their numbers there. */
const DESCRIPTOR = {
  nested: {
    Data: {
      fields: { portnum: { type: 'uint32', id: 1 }, payload: { type: 'bytes', id: 2 } },
    },
    MeshPacket: {
      oneofs: { variant: { oneof: ['decoded', 'encrypted'] } },
      fields: {
        from: { type: 'fixed32', id: 1 },
        to: { type: 'fixed32', id: 2 },
        channel: { type: 'uint32', id: 3 },
        decoded: { type: 'Data', id: 4 },
        encrypted: { type: 'bytes', id: 5 },
        id: { type: 'fixed32', id: 6 },
        rxTime: { type: 'fixed32', id: 7 },
        rxSnr: { type: 'float', id: 8 },
        hopLimit: { type: 'uint32', id: 9 },
        rxRssi: { type: 'int32', id: 12 },
        viaMqtt: { type: 'bool', id: 14 },
        hopStart: { type: 'uint32', id: 15 },
        transport: { type: 'uint32', id: 21 },
      },
    },
    MyNodeInfo: { fields: { myNodeNum: { type: 'uint32', id: 1 } } },
    LoRaConfig: {
      fields: {
        usePreset: { type: 'bool', id: 1 },
        modemPreset: { type: 'uint32', id: 2 },
        bandwidth: { type: 'uint32', id: 3 },
        spreadFactor: { type: 'uint32', id: 4 },
        codingRate: { type: 'uint32', id: 5 },
        region: { type: 'uint32', id: 7 },
        overrideFrequency: { type: 'float', id: 14 },
      },
    },
    Config: { fields: { lora: { type: 'LoRaConfig', id: 6 } } },
    Other: { fields: {} },
    FromRadio: {
      oneofs: {
        variant: {
          oneof: ['packet', 'myInfo', 'nodeInfo', 'config', 'logRecord', 'configCompleteId', 'rebooted', 'queueStatus'],
        },
      },
      fields: {
        id: { type: 'uint32', id: 1 },
        packet: { type: 'MeshPacket', id: 2 },
        myInfo: { type: 'MyNodeInfo', id: 3 },
        nodeInfo: { type: 'Other', id: 4 },
        config: { type: 'Config', id: 5 },
        logRecord: { type: 'Other', id: 6 },
        configCompleteId: { type: 'uint32', id: 7 },
        rebooted: { type: 'bool', id: 8 },
        queueStatus: { type: 'Other', id: 11 },
      },
    },
    Heartbeat: { fields: {} },
    ToRadio: {
      oneofs: { variant: { oneof: ['wantConfigId', 'heartbeat'] } },
      fields: { wantConfigId: { type: 'uint32', id: 3 }, heartbeat: { type: 'Heartbeat', id: 7 } },
    },
  },
};

export interface MeshPacket {
  readonly from: number;
  readonly to: number;
  readonly channel: number;
  readonly decoded?: { readonly portnum: number; readonly payload: Uint8Array } | null;
  readonly encrypted?: Uint8Array | null;
  readonly id: number;
  readonly rxTime: number;
  readonly rxSnr: number;
  readonly hopLimit: number;
  readonly rxRssi: number;
  readonly viaMqtt: boolean;
  readonly hopStart: number;
  /** MeshPacket.TransportMechanism: 0 where the firmware does not say. */
  readonly transport: number;
}

export interface LoRaConfig {
  readonly usePreset: boolean;
  readonly modemPreset: number;
  readonly bandwidth: number;
  readonly spreadFactor: number;
  readonly codingRate: number;
  readonly region: number;
  /** MHz; 0 where the region and the channel say */
  readonly overrideFrequency: number;
}

export interface FromRadio {
  readonly variant?: string;
  readonly packet?: MeshPacket | null;
  readonly myInfo?: { readonly myNodeNum: number } | null;
  readonly config?: { readonly lora?: LoRaConfig | null } | null;
  readonly configCompleteId: number;
}

export interface ToRadio {
  readonly wantConfigId?: number;
  readonly heartbeat?: object;
}

/** Reads and writes Meshtastic's protobufs. The library is loaded with the first of them. */
export class MeshtasticMessages {
  readonly #fromRadio: Type;
  readonly #toRadio: Type;

  constructor() {
    const require = createRequire(import.meta.url);
    const { Root }: typeof import('protobufjs') = require('protobufjs/light.js');
    const root = Root.fromJSON(DESCRIPTOR);
    this.#fromRadio = root.lookupType('FromRadio');
    this.#toRadio = root.lookupType('ToRadio');
  }

  /** A FromRadio; undefined where the bytes are none. Fields of other numbers are passed over. */
  readFromRadio(payload: Uint8Array): FromRadio | undefined {
    try {
      const message: unknown = this.#fromRadio.decode(payload);
      return isFromRadio(message) ? message : undefined;
    } catch (cause) {
      if (isUnreadable(cause)) return undefined;
      throw cause;
    }
  }

  writeToRadio(message: ToRadio): Uint8Array {
    return this.#toRadio.encode(this.#toRadio.fromObject(message)).finish();
  }
}

/** The library tells bytes that are no protobuf by a RangeError (cut short) or a plain Error (wire type, depth). */
const isUnreadable = (cause: unknown): boolean =>
  cause instanceof RangeError || (cause instanceof Error && cause.name === 'Error');

/** The descriptor gives the types: a message that it decodes has them. */
const isFromRadio = (message: unknown): message is FromRadio => typeof message === 'object' && message !== null;
