// Numbers and times as people read them. Pure: the same in, the same out.

const STEPS = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SATS_PER_BTC = 100_000_000;

/** Three significant digits and an SI prefix: 1234567 is `1.23 M`. */
export function si(value: number, unit = ''): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  let step = size < 1000 ? 0 : Math.min(STEPS.length - 1, Math.floor(Math.log10(size) / 3));
  // 999.95 k would be written 1000 k.
  if (step < STEPS.length - 1 && Number((size / 1000 ** step).toPrecision(3)) >= 1000) step += 1;
  return `${digits(value / 1000 ** step)} ${STEPS[step]}${unit}`.trimEnd();
}

/** At most three significant digits, never in scientific notation: 12.345 is `12.3`. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return whole.format(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return trimmed(value.toFixed(1));
  if (size >= 1 || size === 0) return trimmed(value.toFixed(2));
  return trimmed(size < 1e-6 ? value.toFixed(6) : value.toPrecision(3));
}

const trimmed = (text: string): string => text.replace(/\.?0+$/, '') || '0';

/** @param value hashes per second */
export const hashrate = (value: number): string => si(value, 'H/s');

/** Difficulties, and what is measured in them. */
export const difficulty = (value: number): string => (value < 1000 ? digits(value) : si(value));

/** 12,345 */
export const count = (value: number): string => whole.format(value);

/** `part` of `all`, in percent. */
export function percent(part: number, all: number): string {
  if (all === 0 || !Number.isFinite(part / all)) return '–';
  const value = (part / all) * 100;
  return `${value > 0 && value < 0.01 ? '<0.01' : trimmed(value.toFixed(value < 10 ? 2 : 1))} %`;
}

/** @param ms milliseconds; the two largest units that say something: `2 h 10 min` */
export function duration(ms: number): string {
  const size = Math.max(0, ms);
  if (size < MINUTE) return `${Math.floor(size / SECOND)} s`;
  if (size < 10 * MINUTE) return two(size, MINUTE, 'min', SECOND, 's');
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`;
  if (size < DAY) return two(size, HOUR, 'h', MINUTE, 'min');
  return two(size, DAY, 'd', HOUR, 'h');
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${whole.format(Math.floor(ms / large))} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** How long a latency is, from seconds: `1.2 ms`, `350 µs`. */
export function latency(seconds: number): string {
  if (seconds < 0.001) return `${digits(seconds * 1e6)} µs`;
  if (seconds < 1) return `${digits(seconds * 1000)} ms`;
  return `${digits(seconds)} s`;
}

/** @param sats satoshis; bitcoins from a thousandth on */
export function amount(sats: number | bigint): string {
  const value = Number(sats);
  if (Math.abs(value) < SATS_PER_BTC / 1000) return `${whole.format(value)} sat`;
  return `${(value / SATS_PER_BTC).toFixed(8).replace(/(\.\d{3}\d*?)0+$/, '$1')} BTC`;
}

/** Cut in the middle: both ends of a hash say which it is. */
export function shortHash(hash: string, ends = 8): string {
  return hash.length <= ends * 2 + 1 ? hash : `${hash.slice(0, ends)}…${hash.slice(-ends)}`;
}

const segmenter = new Intl.Segmenter();

/** Cut at its end, visibly; never inside of what is read as one character. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/**
 * A name that somebody else chose, made harmless to look at: what is not seen (controls, marks that turn the direction
 * of writing, spaces of no width) is shown as `�`.
 */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu, '\uFFFD');

/** `invalid-job-id` is `invalid job id`. */
export const words = (code: string): string => code.replaceAll(/[-_]/g, ' ');

/** Local date and time. */
export const when = (ms: number): string =>
  new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** 2026-01-31 12:00:00 UTC */
export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
