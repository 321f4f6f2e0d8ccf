import { existsSync, readFileSync } from 'node:fs';
import { CommandError } from '../command.ts';
import type { Terminal } from '../terminal.ts';

const HEX_TEXT = /^(?:0x)?[0-9a-f\s:]*$/i;

/** The bytes that an argument stands for: a file's, standard input's (`-`), or the hexadecimal digits themselves. */
export function readInput(given: string, terminal: Pick<Terminal, 'input'>): Uint8Array {
  if (given === '-') return bytesOrHex(terminal.input(), 'standard input');
  if (existsSync(given)) return bytesOrHex(readFileSync(given), given);
  if (!HEX_TEXT.test(given)) throw new CommandError(`'${shorten(given)}' is neither hexadecimal nor a file`);
  return fromHex(given, `'${shorten(given)}'`);
}

/** Text of nothing but hexadecimal digits is read as such; anything else is taken as it is. */
function bytesOrHex(content: Uint8Array, name: string): Uint8Array {
  const text = new TextDecoder('latin1').decode(content);
  return text.trim() !== '' && HEX_TEXT.test(text) ? fromHex(text, name) : new Uint8Array(content);
}

function fromHex(text: string, name: string): Uint8Array {
  const digits = text.replace(/^\s*0x/i, '').replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0)
    throw new CommandError(`${name} has an odd number of hexadecimal digits: ${digits.length}`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
