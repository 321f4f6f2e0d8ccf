import type { Side } from './find-message.ts';
import type { Captured } from './captured.ts';
import { fromHex } from './bytes.ts';
import { frameName, type ReadFrame, readFrame } from './read-frame.ts';
import { readV1Line, type V1Line } from './v1-line.ts';

/** The connection that is looked at. */
export interface Wire {
  readonly protocol: string;
  /** Who opened it: the role is the server of a connection that came in. */
  readonly direction: 'in' | 'out';
}

/** Digits of a frame's header in hexadecimal. */
const HEADER_DIGITS = 12;

/** Which end sent a message. */
export function senderOf({ direction }: Pick<Captured, 'direction'>, wire: Wire): Side {
  const isOurs = direction === 'sent';
  return isOurs === (wire.direction === 'out') ? 'client' : 'server';
}

/** The name of a message, without reading all of it. */
export function nameOf(captured: Captured, wire: Wire): string {
  if (captured.line !== undefined) return readV1Line(captured.line).name;
  const header = fromHex((captured.hex ?? '').slice(0, HEADER_DIGITS));
  return frameName(header, { protocol: wire.protocol, side: senderOf(captured, wire) });
}

/** A message read as far as it goes: a frame, or a line. */
export type Seen =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array; readonly frame: ReadFrame }
  | { readonly kind: 'line'; readonly text: string; readonly line: V1Line };

/** Reads a message. */
export function look(captured: Captured, wire: Wire): Seen {
  if (captured.line !== undefined) return { kind: 'line', text: captured.line, line: readV1Line(captured.line) };
  const bytes = fromHex(captured.hex ?? '');
  const context = { protocol: wire.protocol, side: senderOf(captured, wire), isCut: captured.isCut };
  return { kind: 'frame', bytes, frame: readFrame(bytes, context) };
}

/** Fields that say most of a message, in the order in which a line tells them. */
const TELLING = [
  'channelId',
  'requestId',
  'jobId',
  'templateId',
  'sequenceNumber',
  'lastSequenceNumber',
  'errorCode',
  'reasonCode',
  'nonce',
  'userIdentity',
  'nominalHashRate',
  'newSubmitsAcceptedCount',
  'protocol',
  'vendor',
  'deviceId',
  'coinbaseOutputsMaxAdditionalSize',
];
const SUMMARY_LENGTH = 160;

/** What a message says, in a line. */
export function summaryOf(seen: Seen): string {
  if (seen.kind === 'line') return seen.text.slice(0, SUMMARY_LENGTH);
  const { rows, problem } = seen.frame;
  const payload = rows.slice(3);
  const told = TELLING.flatMap((name) => payload.filter((row) => row.name === name));
  const rest = payload.filter((row) => !told.includes(row) && row.end - row.start <= 8);
  const parts = [...told, ...rest].slice(0, 5).map(({ name, text, meaning }) => `${name} ${wordOf(text, meaning)}`);
  const line = parts.join(' · ').slice(0, SUMMARY_LENGTH);
  return problem === undefined ? line : `${problem}${line === '' ? '' : ` ${line}`}`.slice(0, SUMMARY_LENGTH);
}

/** Text where bytes are text. */
function wordOf(text: string, meaning: string | undefined): string {
  return meaning?.startsWith('"') === true ? meaning : text;
}
