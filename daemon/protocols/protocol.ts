import type { KindName, Observation } from '../readings/index.ts';

/** Why bytes made no message. */
export type NoiseReason = 'checksum' | 'sync' | 'truncated' | 'oversize' | 'short' | 'malformed';

/** Bytes that made no message: a value and a counter, never an exception. */
export interface Noise {
  readonly type: 'noise';
  readonly reason: NoiseReason;
  /** How many bytes are given up. */
  readonly bytes: number;
}

/** What a framer makes of bytes: a message, or noise. */
export type Frame<M> = M | Noise;

/** Splits a byte stream into frames. Any split of the same bytes into chunks yields the same frames. */
export interface Framer<M> {
  push(chunk: Uint8Array): Iterable<Frame<M>>;
  /** The stream has ended: what is still buffered can become nothing but noise. */
  end(): Iterable<Frame<M>>;
}

/** The totals of a decoder at one moment; the numbers only grow. */
export interface DecoderStats {
  readonly bytes: number;
  /** Valid frames by framing, e.g. nmea, ubx, rtcm3. */
  readonly frames: Record<string, number>;
  /** Valid frames by message name, e.g. GGA, NAV-PVT, RTCM-1077. Bounded: past a limit of names, under "other". */
  readonly messages: Record<string, number>;
  /** Bytes given up, by reason. */
  readonly noise: Partial<Record<NoiseReason, number>>;
  /**
   * Bytes of valid frames, what stands between them by the protocol (CR LF, blank lines) included. Counted by itself, so
   * that once the stream has ended `bytes` equals `frameBytes` plus all `noise`: the soak holds every decoder to it.
   */
  readonly frameBytes?: number;
  /** Measurements that made no reading because the wire did not say of when they are. */
  readonly undated?: number;
  /** Where the device stands that was to be configured; left out where there was nothing to configure. */
  readonly configured?: ConfigurationState;
  /** What the device refused or never acknowledged since the line was last opened, by name; bounded. */
  readonly configureFailures?: readonly string[];
}

/** `done`: all of it acknowledged; `failed`: some of it refused or not acknowledged, which reading survives. */
export type ConfigurationState = 'pending' | 'done' | 'failed';

/** Makes observations of a port's bytes. Holds no more than one maximal frame and one epoch. */
export interface Decoder {
  /** A fresh copy at each reading. */
  readonly stats: DecoderStats;
  /** Valid frames so far, of every framing: cheap to ask for at each chunk. */
  readonly frameCount: number;
  /**
   * Takes the bytes that arrived at `t` (ms since the Unix epoch, gateway clock). The observations are the same for
   * any split of the bytes into chunks; only their `t` follows the arrival. On a datagram port a chunk is one datagram,
   * and `peer` is who sent it.
   */
  push(chunk: Uint8Array, t: number, peer?: string): Observation[];
  /** The line has been quiet since: an epoch that waits for more sentences may be closed. */
  quiet(t: number): Observation[];
  /** The stream has ended. */
  end(t: number): Observation[];
  /** The line is open (again): a device that has to be set up or asked is told so from here on. */
  opened?(t: number): Observation[];
  /** Time goes by, at least every 250 ms while the line is open: for polls and answers that do not come. */
  tick?(t: number): Observation[];
  /** Asks the radio to transmit. The outcome is a lora.beacon observation, later. False where it cannot be asked now. */
  transmit?(beacon: BeaconRequest, t: number): boolean;
}

/** A LoRa packet to be transmitted. */
export interface BeaconRequest {
  readonly payload: Uint8Array;
  /** Hz */
  readonly frequency: number;
  readonly spreadingFactor: number;
  /** Hz */
  readonly bandwidth: number;
  /** The n of 4/n. */
  readonly codingRate: number;
  /** dBm */
  readonly power: number;
}

export interface DecoderOptions {
  /**
   * A time near the recording, ms since the Unix epoch: it resolves two-digit years and GPS week roll-overs. Live
   * ports pass the gateway's clock when it is trustworthy, else the date of this build.
   */
  readonly referenceTime: number;
  /** Sends bytes to the device, or a datagram to a peer; left out where nobody answers, as of a recording. */
  readonly send?: ((bytes: Uint8Array, peer?: string) => void) | undefined;
  /** What the profile says of this protocol, as `settings` has validated it. */
  readonly settings?: ProtocolSettings;
  /** What the device has to be told at each opening of the line. */
  readonly configure?: DeviceConfiguration;
}

/** What a receiver is told before it is read. Each part is left out where there is none. */
export interface DeviceConfiguration {
  /**
   * UBX-CFG-VALSET, u-blox generation 9 and later, into RAM: keys by name (CFG-RATE-MEAS) or number (0x30210001), with
   * their values: numbers in the unit of the key, true or false for flags; numbers of eight bytes as text.
   */
  readonly ubx?: Readonly<Record<string, number | boolean | string>>;
  /** u-blox generations 6 to 8. */
  readonly ubxLegacy?: UbxLegacyConfiguration;
  /** Sentences without delimiter and checksum, in this order, e.g. PMTK220,100 or PAIR050,1000. */
  readonly nmea?: readonly string[];
  /** Lines for devices that take text commands, sent as they are with CR LF, e.g. AT+CREG=2. */
  readonly lines?: readonly string[];
}

/** UBX-CFG-RATE, UBX-CFG-MSG and UBX-CFG-PRT. */
export interface UbxLegacyConfiguration {
  /** Time between measurements, ms. */
  readonly rateMs?: number;
  /** Baud rate of UART1, from which on the port has to be opened at that rate. */
  readonly baudRate?: number;
  /** Epochs for each message, by name (NAV-PVT, or GGA for a standard sentence); 0 turns it off. */
  readonly messages?: Readonly<Record<string, number>>;
}

/** Values of a profile's `settings`, by name. */
export type ProtocolSettings = Readonly<Record<string, string | number | boolean>>;

/** A setting that a profile may give a protocol. */
export interface SettingSpec {
  readonly type: 'text' | 'number' | 'flag' | 'choice' | 'duration';
  /** Of a choice. */
  readonly values?: readonly string[];
  readonly default?: string | number | boolean;
  readonly about: string;
}

/** A protocol that a port can speak. */
export interface Protocol {
  readonly name: string;
  readonly title: string;
  /** Kinds of readings that it can yield. */
  readonly kinds: readonly KindName[];
  /** What a profile may set; nothing where it is left out. Durations reach the decoder in ms. */
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /** What of a configuration the protocol cannot tell its device, one text each; it can tell none where this is left out. */
  checkConfiguration?(configure: DeviceConfiguration): readonly string[];
  /** The code that reads it, loaded when a port speaks it: a gateway has no use for the others' code. */
  loadDecoder(): Promise<CreateDecoder>;
}

export type CreateDecoder = (options: DecoderOptions) => Decoder;
