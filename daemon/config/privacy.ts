import { z } from 'zod';

const path = z.string().min(1);

/** A circle, or the polygons of a GeoJSON file. */
const zoneSchema = z
  .strictObject({
    name: z.string().min(1).max(64),
    circle: z
      .strictObject({
        /** Degrees, WGS 84. */
        lat: z.number().min(-90).max(90),
        lon: z.number().min(-180).max(180),
        /** Metres. */
        radius: z.number().positive().max(1_000_000),
      })
      .optional(),
    /** A GeoJSON file (RFC 7946) with polygons. */
    geojson: path.optional(),
  })
  .refine(
    ({ circle, geojson }) => (circle === undefined) !== (geojson === undefined),
    'needs either circle or geojson',
  );

/** Where positions and camera frames are not recorded. */
export const privacySchema = z
  .strictObject({
    zones: z.array(zoneSchema).max(100).default([]),
    /** The file that remembers when the gateway was within a zone; by default privacy.json beside the outbox. */
    state: path.optional(),
  })
  .prefault({});

export type PrivacyConfig = z.output<typeof privacySchema>;
export type ZoneConfig = PrivacyConfig['zones'][number];
