/**
 * Identity made on the device: UUIDv7 (RFC 9562, section 5.7).
 *
 * `crypto.randomUUID` is missing on plain-http LAN origins, `getRandomValues` is not.
 */

/** A UUIDv7 in canonical lower-case form, from milliseconds since 1970 and ten random bytes. */
export function uuid7(unixMs: number = Date.now(), random: Uint8Array = crypto.getRandomValues(new Uint8Array(10))): string {
  const bytes = new Uint8Array(16);
  for (let index = 0, rest = unixMs; index < 6; index += 1) {
    bytes[5 - index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The sequence of a position `epoch.sequence.hash`; 0 for the position before everything. */
export function sequenceOf(position: string): number {
  return Number(position.split(".")[1] ?? 0) || 0;
}

/** The epoch of a position; 0 for the position before everything. */
export function epochOf(position: string): number {
  return Number(position.split(".")[0] ?? 0) || 0;
}

const DEVICE = "comanda.device";

/** This device's name for itself until it is paired, made once and kept. */
export function deviceId(): string {
  const kept = localStorage.getItem(DEVICE);
  if (kept !== null) return kept;
  const made = uuid7();
  localStorage.setItem(DEVICE, made);
  return made;
}
