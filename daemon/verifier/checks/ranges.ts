import { checkRanges, type FieldValue, fieldsToJson, type RangeFault, type Reading } from '../../readings/index.ts';
import type { StoredReading } from '../ledger/proofs.ts';

/** A reading as the ledger keeps it, and whether its fields keep to the table of kinds. */
export interface RangedReading {
  readonly stored: StoredReading;
  readonly inRange: boolean;
}

/** Holds a reading against the table of kinds. Fields outside their bounds are left out of what is stored; the message has them. */
export function rangeReading({ kind, source, t, fields }: Reading): RangedReading {
  const faults = checkRanges(kind, fields);
  const sound = faults.length === 0 ? fields : without(fields, faults);
  return {
    stored: { kind, source, t, fields: JSON.stringify(fieldsToJson(kind, sound)) },
    inRange: faults.length === 0,
  };
}

function without(fields: Reading['fields'], faults: readonly RangeFault[]): Record<string, FieldValue | undefined> {
  const sound: Record<string, FieldValue | undefined> = { ...fields };
  for (const { field } of faults) delete sound[field];
  return sound;
}
