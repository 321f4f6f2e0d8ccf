import type { Captured } from './captured.ts';

/** What of a connection is shown. */
export interface Filter {
  readonly direction: 'both' | 'received' | 'sent';
  /** The name of a message; empty: all. */
  readonly type: string;
  /** Somewhere in the name, in what the line says, in its hexadecimal; empty: all. */
  readonly text: string;
}
export const EVERYTHING: Filter = { direction: 'both', type: '', text: '' };

/** What a filter asks of a message. The summary is made only where the text is not found without it. */
export interface Described {
  readonly captured: Captured;
  readonly name: string;
  readonly summary: string;
}

/** Whether a message is shown. */
export function passes(message: Described, { direction, type, text }: Filter): boolean {
  const { captured } = message;
  if (direction !== 'both' && captured.direction !== direction) return false;
  if (type !== '' && message.name !== type) return false;
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return true;
  if (message.name.toLowerCase().includes(wanted)) return true;
  if (captured.line?.toLowerCase().includes(wanted) === true) return true;
  const digits = wanted.replaceAll(/^0x|[\s:]/g, '');
  if (/^[0-9a-f]{4,}$/.test(digits) && captured.hex?.includes(digits) === true) return true;
  return message.summary.toLowerCase().includes(wanted);
}
