import { fromUtf8, utf8 } from '@sv2kit/codec';
import {
  USUAL_VERSION_MASK,
  JobLine,
  type Notify,
  type Subscription,
  type Sv1ClientEvent,
  Sv1ClientSession,
  type Sv1ServerEvent,
  type Sv1ServerSession,
  writeNotify,
} from '../src/index.ts';

export const bytesOf = utf8;
export const textOf = (bytes: Uint8Array | undefined): string => (bytes === undefined ? '' : fromUtf8(bytes));

/** What a session has to write, as lines. */
export const written = (session: { drain(): Uint8Array | undefined }): string[] =>
  textOf(session.drain())
    .split('\n')
    .filter((text) => text !== '');

export const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

export const JOB: Notify = {
  type: 'notify',
  jobId: '1a',
  prevHash: Uint8Array.from({ length: 32 }, (_, i) => i),
  coinb1: Uint8Array.of(1, 0, 0, 0),
  coinb2: Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  merkleBranches: [filled(32, 0xaa), filled(32, 0xbb)],
  version: 0x20000000,
  nbits: 0x1d00ffff,
  ntime: 1_700_000_000,
  cleanJobs: false,
};
export const NOTIFY_LINE = utf8(writeNotify(JOB).trimEnd());
export const line = (job: Notify): JobLine => new JobLine(job);

export const SUBSCRIPTION: Subscription = {
  extranonce1: Uint8Array.of(0xde, 0xad, 0xbe, 0xef),
  extranonce2Size: 4,
  session: 'deadbeef',
};

/** Sends lines to a server's session and answers everything with yes. */
export function say(session: Sv1ServerSession, ...lines: readonly string[]): Sv1ServerEvent[] {
  const events: Sv1ServerEvent[] = [];
  for (const event of session.receive(utf8(lines.map((text) => `${text}\n`).join('')))) {
    events.push(event);
    answer(session, event);
  }
  return events;
}

export function answer(session: Sv1ServerSession, event: Sv1ServerEvent): void {
  if (event.type === 'configure') session.configured(event.request, { versionMask: USUAL_VERSION_MASK });
  if (event.type === 'subscribe') session.subscribed(event.request, SUBSCRIPTION);
  if (event.type === 'authorise') session.authorised(event.request);
  if (event.type === 'submit') session.accepted(event.request);
}

/** A miner that is through with its handshake; what was written meanwhile. */
export function ready(session: Sv1ServerSession): { session: Sv1ServerSession; lines: string[] } {
  say(
    session,
    '{"id":1,"method":"mining.subscribe","params":["cpuminer/2.5.1"]}',
    '{"id":2,"method":"mining.authorize","params":["account.rig1","x"]}',
  );
  return { session, lines: written(session) };
}

/** Hears what a pool says, a line each. */
export const hear = (session: Sv1ClientSession, ...lines: readonly string[]): Sv1ClientEvent[] => [
  ...session.receive(utf8(lines.map((text) => `${text}\n`).join(''))),
];

export const client = (options: Partial<ConstructorParameters<typeof Sv1ClientSession>[0]> = {}): Sv1ClientSession =>
  new Sv1ClientSession({
    host: 'pool.example',
    port: 3333,
    userAgent: 'sv2kit/1.0',
    username: 'account.rig1',
    password: 'x',
    versionMask: 0xffffffff,
    ...options,
  });
