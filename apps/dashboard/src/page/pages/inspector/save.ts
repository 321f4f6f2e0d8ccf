import { type Captured } from './captured.ts';
import { look, nameOf, senderOf, type Wire } from './look.ts';
import type { FieldRow } from './read-frame.ts';

/** What was captured, as JSON that other programs can read: one object, with each message's bytes and fields. */
export function asJson(
  messages: readonly Captured[],
  wire: Wire,
  about: Readonly<Record<string, string | number>>,
): string {
  return JSON.stringify({ ...about, ...wire, messages: messages.map((one) => messageJson(one, wire)) }, undefined, 1);
}

function messageJson(captured: Captured, wire: Wire) {
  const { number, atMs, direction, size, hex, line, isCut } = captured;
  const seen = look(captured, wire);
  const facts = { number, atMs, at: new Date(atMs).toISOString(), direction, size, type: nameOf(captured, wire) };
  const cut = isCut && { cut: true };
  if (seen.kind === 'line') {
    return { ...facts, line, ...cut, ...(seen.line.problem !== undefined && { problem: seen.line.problem }) };
  }
  const { rows, problem } = seen.frame;
  const fields = Object.fromEntries(rows.slice(3).map(fieldEntry));
  return { ...facts, from: senderOf(captured, wire), hex, ...cut, fields, ...(problem !== undefined && { problem }) };
}

function fieldEntry({ name, text, meaning, elements }: FieldRow): readonly [string, unknown] {
  if (elements !== undefined) return [name, elements.map((one) => one.text)];
  return [name, meaning === undefined ? text : `${text} (${meaning})`];
}
