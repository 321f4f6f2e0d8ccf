import Type, { type Static } from 'typebox';
import { count, flag, maybe, part, text, timeMs, view, word } from './shape.ts';

const stats = Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]), {
  description: 'What else is known of it, by name.',
});

/** What this role is a client of. */
export const UpstreamViewSchema = view(
  'What this role is a client of.',
  {
    part,
    name: text('What the log calls it.'),
    kind: word('What it is.', ['pool', 'v1-pool', 'template-provider', 'job-declarator', 'node']),
    url: maybe(text('Where it is; without users and passwords.')),
    state: text('ok, connecting, away …: the word that the log uses.'),
    active: maybe(flag('It is the one in use.')),
    reason: maybe(text('Why the state is what it is.')),
    sinceMs: maybe(timeMs('Since when the state is so.')),
    stats,
  },
  'Upstream',
);
export type UpstreamView = Static<typeof UpstreamViewSchema>;

/** A connection that somebody else opened. */
export const PeerViewSchema = view(
  'A connection from a client.',
  {
    part,
    connection: count('Its number, as the log has it.'),
    remote: maybe(text('Where it comes from, written by the rule of the log.')),
    protocol: text('What it speaks: mining, job-declaration, template-distribution, v1.'),
    device: text('What the client says that it is.'),
    channels: count('Channels that it has open.'),
    sinceMs: timeMs('When it connected.'),
    extensions: maybe(Type.Array(Type.Integer(), { description: 'Those that were negotiated.' })),
    bytesIn: maybe(count('Received.')),
    bytesOut: maybe(count('Sent.')),
    stats: maybe(stats),
  },
  'Peer',
);
export type PeerView = Static<typeof PeerViewSchema>;

/** An address that this role listens on. */
export const ListenViewSchema = view(
  'An address that this role listens on.',
  {
    part,
    protocol: word('What is spoken there.', ['mining', 'job-declaration', 'template-distribution', 'v1', 'monitoring']),
    host: text('As it was configured; 0.0.0.0 and :: are every address of the machine.'),
    port: count('The TCP port.'),
  },
  'Listen',
);
export type ListenView = Static<typeof ListenViewSchema>;
