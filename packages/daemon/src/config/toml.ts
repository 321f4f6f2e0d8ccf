/** A value as TOML source. Only what declarations use: text, numbers, booleans and lists of those. */
export function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  return String(value);
}

const SHOWN_LENGTH = 80;

/** A raw value for an error message: quoted, and cut when it is long. */
export function showRaw(raw: unknown): string {
  const shown =
    typeof raw === 'bigint' || typeof raw === 'number'
      ? `${raw}`
      : (JSON.stringify(raw, (_, v) => (typeof v === 'bigint' ? `${v}` : v)) ?? `${raw}`);
  return shown.length > SHOWN_LENGTH ? `${shown.slice(0, SHOWN_LENGTH)}…` : shown;
}
