/** WGS 84 (NIMA TR8350.2): semi-major axis, m, and flattening. */
const A = 6_378_137;
const F = 1 / 298.257223563;
const B = A * (1 - F);
const E2 = F * (2 - F);
const EP2 = (A * A - B * B) / (B * B);

/**
 * Earth-centred coordinates (m) to geodetic latitude, longitude (degrees) and height above the ellipsoid (m), by
 * Bowring's formula: exact to far below a millimetre near the earth's surface. Undefined near the earth's centre or far
 * out, where a receiver cannot be.
 */
export function geodetic(x: number, y: number, z: number): { lat: number; lon: number; height: number } | undefined {
  const r = Math.hypot(x, y, z);
  if (!(r > 6.2e6 && r < 6.5e6)) return undefined;
  const p = Math.hypot(x, y);
  const theta = Math.atan2(z * A, p * B);
  const lat = Math.atan2(z + EP2 * B * Math.sin(theta) ** 3, p - E2 * A * Math.cos(theta) ** 3);
  const sin = Math.sin(lat);
  const n = A / Math.sqrt(1 - E2 * sin * sin);
  const height = p * Math.cos(lat) + z * sin - (A * A) / n;
  return { lat: (lat * 180) / Math.PI, lon: (Math.atan2(y, x) * 180) / Math.PI, height };
}
