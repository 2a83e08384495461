import type { Database } from 'better-sqlite3';
import type { Algorithm, Place, PublicKey } from '../../proof/index.ts';

export type DeviceState = 'active' | 'suspended';

/** A device profile as pinned at admission. */
export interface PinnedProfile {
  readonly name: string;
  /** SHA-256 in hexadecimal. */
  readonly digest: string;
}

/** A device as the registry pins it. */
export interface Device {
  readonly id: number;
  readonly kid: Uint8Array;
  readonly publicKey: PublicKey;
  readonly custody: { readonly hardware: boolean; readonly holder: string };
  readonly owner: string | undefined;
  readonly place: Place | undefined;
  readonly profiles: readonly PinnedProfile[];
  readonly state: DeviceState;
  /** When the verifier admitted it, in ms. */
  readonly admitted: number;
  /** When the device made its enrolment record, in ms by its own clock. */
  readonly created: number;
  /** The record itself, as the device signed it. */
  readonly enrolment: Uint8Array;
  /** When it was first seen to sign two histories, in ms. */
  readonly equivocated: number | undefined;
}

interface DeviceRow {
  id: number;
  kid: Uint8Array;
  algorithm: Algorithm;
  x: Uint8Array;
  y: Uint8Array;
  hardware: number;
  holder: string;
  owner: string | null;
  place: string | null;
  profiles: string;
  state: DeviceState;
  admitted: number;
  created: number;
  enrolment: Uint8Array;
  equivocated: number | null;
}

/** The registry of admitted devices. */
export class DeviceTable {
  readonly #find;
  readonly #all;
  readonly #insert;
  readonly #update;
  readonly #setState;
  readonly #markEquivocated;

  constructor(database: Database) {
    this.#find = database.prepare<[Uint8Array], DeviceRow>('SELECT * FROM devices WHERE kid = ?');
    this.#all = database.prepare<[], DeviceRow>('SELECT * FROM devices ORDER BY admitted, id');
    this.#insert = database.prepare<[Omit<DeviceRow, 'id' | 'equivocated'>]>(
      `INSERT INTO devices (kid, algorithm, x, y, hardware, holder, owner, place, profiles, state, admitted, created, enrolment)
       VALUES (@kid, @algorithm, @x, @y, @hardware, @holder, @owner, @place, @profiles, @state, @admitted, @created, @enrolment)`,
    );
    this.#update = database.prepare<[Pick<DeviceRow, (typeof UPDATABLE)[number]>]>(
      `UPDATE devices SET holder = @holder, owner = @owner, place = @place, profiles = @profiles, created = @created,
       enrolment = @enrolment WHERE kid = @kid`,
    );
    this.#setState = database.prepare<[DeviceState, Uint8Array]>('UPDATE devices SET state = ? WHERE kid = ?');
    this.#markEquivocated = database.prepare<[number, number]>(
      'UPDATE devices SET equivocated = ? WHERE id = ? AND equivocated IS NULL',
    );
  }

  find(kid: Uint8Array): Device | undefined {
    const row = this.#find.get(kid);
    return row === undefined ? undefined : toDevice(row);
  }

  all(): Device[] {
    return this.#all.all().map(toDevice);
  }

  insert(device: Omit<Device, 'id' | 'equivocated'>): void {
    this.#insert.run({
      ...toColumns(device),
      algorithm: device.publicKey.algorithm,
      x: device.publicKey.x,
      y: device.publicKey.y,
      hardware: device.custody.hardware ? 1 : 0,
      state: device.state,
      admitted: device.admitted,
    });
  }

  /** Replaces what a device may say anew of itself; key, custody class, state and admission stay. */
  update(device: Omit<Device, 'id' | 'equivocated'>): void {
    this.#update.run(toColumns(device));
  }

  /** False where there is no such device. */
  setState(kid: Uint8Array, state: DeviceState): boolean {
    return this.#setState.run(state, kid).changes > 0;
  }

  markEquivocated(id: number, now: number): void {
    this.#markEquivocated.run(now, id);
  }
}

const UPDATABLE = ['kid', 'holder', 'owner', 'place', 'profiles', 'created', 'enrolment'] as const;

const toColumns = (device: Omit<Device, 'id' | 'equivocated'>): Pick<DeviceRow, (typeof UPDATABLE)[number]> => ({
  kid: device.kid,
  holder: device.custody.holder,
  owner: device.owner ?? null,
  place: device.place === undefined ? null : JSON.stringify(device.place),
  profiles: JSON.stringify(device.profiles),
  created: device.created,
  enrolment: device.enrolment,
});

function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    kid: row.kid,
    publicKey: { algorithm: row.algorithm, x: row.x, y: row.y },
    custody: { hardware: row.hardware === 1, holder: row.holder },
    owner: row.owner ?? undefined,
    place: row.place === null ? undefined : JSON.parse(row.place),
    profiles: JSON.parse(row.profiles),
    state: row.state,
    admitted: row.admitted,
    created: row.created,
    enrolment: row.enrolment,
    equivocated: row.equivocated ?? undefined,
  };
}
