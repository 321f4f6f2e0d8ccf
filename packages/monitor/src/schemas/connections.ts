import Type, { type Static } from 'typebox';
import { count, flag, hex, maybe, part, text, timeMs, view, word } from './shape.ts';

/** A connection whose messages can be watched. */
export const ConnectionViewSchema = view(
  'A connection whose messages can be watched.',
  {
    part,
    id: text('What /api/v1/connections/{id}/messages wants to be told.'),
    direction: word('Who opened it: the peer (in), or this role (out).', ['in', 'out']),
    protocol: word('What is spoken.', ['mining', 'job-declaration', 'template-distribution', 'v1']),
    peer: count('Its number, as the log, channels and peers have it.'),
    device: maybe(text('What the peer says that it is.')),
    remote: maybe(text('The address of the peer, written by the rule of the log.')),
    sinceMs: timeMs('When it was ready.'),
    extensions: maybe(
      Type.Array(Type.Integer(), { description: 'Those in force: they have a say in how messages end.' }),
    ),
  },
  'Connection',
);
export type ConnectionView = Static<typeof ConnectionViewSchema>;

/** A message as it went over the wire. */
export const WireMessageSchema = view(
  'A message as it went over the wire; V2 after decryption or before it.',
  {
    atMs: timeMs('When it came or went.'),
    direction: word('Seen from this role.', ['received', 'sent']),
    size: count('Bytes of the whole frame, or of the line without its end.'),
    hex: maybe(hex('V2: the frame, header and payload.')),
    line: maybe(text('V1: the line without its end; passwords are masked.')),
    cut: maybe(flag('There is more of it than is shown.')),
  },
  'WireMessage',
);
export type WireMessageView = Static<typeof WireMessageSchema>;
