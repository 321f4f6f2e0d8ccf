import { describe, expect, test } from 'vitest';
import { SV1_LIMITS, type Share, type Sv1ClientEvent, Sv1Error, writeNotify } from '../src/index.ts';
import { bytesOf, client, filled, hear, JOB, written } from './builders.ts';

const CONFIGURED = '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}';
const SUBSCRIBED = '{"id":2,"result":[[["mining.notify","s1"]],"08000002",4],"error":null}';
const AUTHORISED = '{"id":3,"result":true,"error":null}';
const NOTIFY = writeNotify(JOB).trimEnd();
const subscription = { extranonce1: Uint8Array.of(8, 0, 0, 2), extranonce2Size: 4, session: 's1' };
const { session: _, ...extranonce } = subscription;
const job = (change: object = {}): Sv1ClientEvent => ({
  type: 'job',
  job: { notify: JOB, ...extranonce, difficulty: 1, versionMask: 0x1fffe000, ...change },
});
const call = (method: string, ...params: readonly unknown[]): string => JSON.stringify({ id: null, method, params });
const share: Share = { extranonce2: Uint8Array.of(0, 0, 0, 7), version: 0x2000c000, ntime: JOB.ntime, nonce: 5 };

function working(options: Parameters<typeof client>[0] = {}) {
  const session = client(options);
  session.start();
  hear(session, CONFIGURED, SUBSCRIBED, AUTHORISED);
  session.drain();
  return session;
}

describe('a handshake with a pool', () => {
  test('asks for the mask and a subscription, then to be let in, then for extranonces', () => {
    const session = client({ suggestDifficulty: 2 ** -20 });
    session.start();
    expect(session.state).toEqual({ phase: 'subscribing' });
    expect(written(session)).toEqual([
      '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":2}]}',
      '{"id":2,"method":"mining.subscribe","params":["sv2kit/1.0"]}',
    ]);
    expect(hear(session, CONFIGURED, SUBSCRIBED)).toEqual([{ type: 'subscribed', subscription }]);
    expect(session.state).toEqual({ phase: 'authorising', subscription });
    expect(written(session)).toEqual(['{"id":3,"method":"mining.authorize","params":["account.rig1","x"]}']);
    expect(hear(session, AUTHORISED)).toEqual([{ type: 'ready', subscription, versionMask: 0x1fffe000 }]);
    expect(session.state).toEqual({ phase: 'working', subscription });
    expect(written(session)).toEqual([
      '{"id":4,"method":"mining.suggest_difficulty","params":[0.00000095367431640625]}',
      '{"id":5,"method":"mining.extranonce.subscribe","params":[]}',
    ]);
  });

  test('asks for no mask where none is wanted, and to go on with a session', () => {
    const session = client({ versionMask: 0, session: 's0' });
    session.start();
    expect(written(session)).toEqual(['{"id":1,"method":"mining.subscribe","params":["sv2kit/1.0","s0"]}']);
    expect(() => session.start()).toThrow('cannot start when subscribing');
  });

  test.each<[string, string[], Sv1ClientEvent[]]>([
    [
      'answers configure last',
      [SUBSCRIBED, AUTHORISED, CONFIGURED],
      [
        { type: 'subscribed', subscription },
        { type: 'ready', subscription, versionMask: 0 },
        { type: 'version-mask', mask: 0x1fffe000 },
      ],
    ],
    [
      'does not know configure',
      ['{"id":1,"result":null,"error":[20,"Unknown method",null]}', SUBSCRIBED, AUTHORISED],
      [
        { type: 'subscribed', subscription },
        { type: 'ready', subscription, versionMask: 0 },
      ],
    ],
    [
      'gives ids back as strings and authorize a bare null',
      [CONFIGURED, SUBSCRIBED.replace('2', '"2"'), '{"id":"3","result":null,"error":null}'],
      [
        { type: 'subscribed', subscription },
        { type: 'ready', subscription, versionMask: 0x1fffe000 },
      ],
    ],
    [
      'sends work before the answers',
      [CONFIGURED, call('mining.set_difficulty', 16), call('mining.notify'), NOTIFY, SUBSCRIBED, NOTIFY, AUTHORISED],
      [
        { type: 'difficulty', difficulty: 16 },
        { type: 'invalid', method: 'mining.notify', problem: 'job id' },
        { type: 'subscribed', subscription },
        job({ difficulty: 16 }),
        job({ difficulty: 16 }),
        { type: 'ready', subscription, versionMask: 0x1fffe000 },
      ],
    ],
    [
      'gives a job and an extranonce before the subscription',
      [CONFIGURED, NOTIFY, call('mining.set_extranonce', 'aabb', 6), SUBSCRIBED],
      [
        { type: 'extranonce', extranonce1: Uint8Array.of(0xaa, 0xbb), extranonce2Size: 6 },
        job({ extranonce1: Uint8Array.of(0xaa, 0xbb), extranonce2Size: 6 }),
        { type: 'subscribed', subscription },
      ],
    ],
    [
      'changes the extranonce before it lets us in',
      [CONFIGURED, SUBSCRIBED, call('mining.set_extranonce', 'aabb', 6), AUTHORISED],
      [
        { type: 'subscribed', subscription },
        { type: 'extranonce', extranonce1: Uint8Array.of(0xaa, 0xbb), extranonce2Size: 6 },
        {
          type: 'ready',
          subscription: { extranonce1: Uint8Array.of(0xaa, 0xbb), extranonce2Size: 6, session: 's1' },
          versionMask: 0x1fffe000,
        },
      ],
    ],
    [
      'denies the subscription',
      [CONFIGURED, '{"id":2,"result":null,"error":[20,"banned",null]}', NOTIFY],
      [{ type: 'denied', step: 'subscribe', error: { code: 20, message: 'banned' } }],
    ],
    [
      'gives no usable extranonce',
      [CONFIGURED, '{"id":2,"result":[[],"zz",4],"error":null}'],
      [
        {
          type: 'denied',
          step: 'subscribe',
          error: {
            code: 20,
            message: 'No usable extranonce: ["zz",4]; extranonce2 needs 1 byte or more, both together 32 at most',
          },
        },
      ],
    ],
    [
      'denies the name',
      [CONFIGURED, SUBSCRIBED, '{"id":3,"result":false,"error":null}', AUTHORISED],
      [
        { type: 'subscribed', subscription },
        { type: 'denied', step: 'authorise', error: { code: 24, message: 'Unauthorized worker' } },
      ],
    ],
    [
      'answers everything twice',
      [CONFIGURED, CONFIGURED.replace('1fffe000', '00006000'), SUBSCRIBED, SUBSCRIBED, AUTHORISED, AUTHORISED],
      [
        { type: 'subscribed', subscription },
        { type: 'ready', subscription, versionMask: 0x1fffe000 },
      ],
    ],
  ])('with a pool that %s', (_name, lines, events) => {
    const session = client();
    session.start();
    expect(hear(session, ...lines)).toEqual(events);
  });
});

describe('a job', () => {
  test('carries what held when it came', () => {
    const events = hear(
      working(),
      NOTIFY,
      call('mining.set_difficulty', 0.5),
      call('mining.set_extranonce', 'aabb', 6),
      call('mining.set_version_mask', '00c00000'),
      NOTIFY,
    );
    const changed = { extranonce1: Uint8Array.of(0xaa, 0xbb), extranonce2Size: 6 };
    expect(events).toEqual([
      job(),
      { type: 'difficulty', difficulty: 0.5 },
      { type: 'extranonce', ...changed },
      { type: 'version-mask', mask: 0x00c00000 },
      job({ difficulty: 0.5, ...changed, versionMask: 0x00c00000 }),
    ]);
  });

  test('may roll no more than was asked for, whatever mask the pool sends', () => {
    const session = working({ versionMask: 0x1fffe000 });
    expect(hear(session, call('mining.set_version_mask', 'ffffffff'), NOTIFY)).toEqual([job()]);
  });
});

describe('a share', () => {
  test('goes out with six parameters where a mask is settled, with five elsewhere', () => {
    const session = working();
    expect([session.submit('1a', share, 0x1fffe000), session.submit('1a', share, 0)]).toEqual([5, 6]);
    expect(written(session)).toEqual([
      '{"id":5,"method":"mining.submit","params":["account.rig1","1a","00000007","6553f100","00000005","0000c000"]}',
      '{"id":6,"method":"mining.submit","params":["account.rig1","1a","00000007","6553f100","00000005"]}',
    ]);
    expect(session.unanswered).toBe(2);
  });

  test('is paired with its answer, in whatever order they come, and once', () => {
    const session = working();
    const [first, second] = [session.submit('1a', share, 0), session.submit('1a', share, 0)];
    const answers = [
      `{"id":${second},"result":null,"error":[21,"Job not found",null]}`,
      `{"id":"${first}","result":true,"error":null}`,
      `{"id":${first},"result":true,"error":null}`,
      '{"id":null,"result":true}',
      '{"id":[5],"result":true}',
    ];
    expect(hear(session, ...answers)).toEqual([
      { type: 'verdict', ticket: second, verdict: { kind: 'rejected', error: { code: 21, message: 'Job not found' } } },
      { type: 'verdict', ticket: first, verdict: { kind: 'accepted' } },
    ]);
    expect(session.unanswered).toBe(0);
  });

  test('that is never answered is forgotten when there are too many', () => {
    const session = working({ limits: { ...SV1_LIMITS, unansweredShares: 2 } });
    const tickets = [1, 2, 3].map(() => session.submit('1a', share, 0));
    expect(session.unanswered).toBe(2);
    const verdicts = hear(session, ...tickets.map((ticket) => `{"id":${ticket},"result":true}`));
    expect(verdicts.map((event) => (event.type === 'verdict' ? event.ticket : 0))).toEqual(tickets.slice(1));
  });

  test('cannot go out before the pool has let us in', () => {
    expect(() => client().submit('1a', share, 0)).toThrow('cannot submit when idle');
  });

  test('goes out under a user name that the pool was asked for', () => {
    const session = working();
    session.authorise('account.rig2');
    session.authorise('account.rig3', 'd=4');
    session.submit('1a', share, 0, 'account.rig2');
    expect(written(session)).toEqual([
      '{"id":5,"method":"mining.authorize","params":["account.rig2","x"]}',
      '{"id":6,"method":"mining.authorize","params":["account.rig3","d=4"]}',
      '{"id":7,"method":"mining.submit","params":["account.rig2","1a","00000007","6553f100","00000005"]}',
    ]);
    const answers = hear(session, '{"id":6,"result":false,"error":[24,"No",null]}', '{"id":5,"result":true}');
    expect(answers).toEqual([
      { type: 'worker', username: 'account.rig3', verdict: { kind: 'rejected', error: { code: 24, message: 'No' } } },
      { type: 'worker', username: 'account.rig2', verdict: { kind: 'accepted' } },
    ]);
    expect(() => client().authorise('account.rig2')).toThrow('cannot authorise when idle');
  });

  test('waits for answers to user names within bounds: the oldest is forgotten', () => {
    const session = working({ limits: { ...SV1_LIMITS, unansweredRequests: 2 } });
    for (const name of ['a', 'b', 'c']) session.authorise(name);
    const heard = hear(session, ...[5, 6, 7].map((id) => `{"id":${id},"result":true}`));
    expect(heard.map((event) => (event.type === 'worker' ? event.username : ''))).toEqual(['b', 'c']);
  });
});

describe('a pool that sends us elsewhere', () => {
  const hosts = { reconnectHosts: ['backup.example', '.pool.example'] };
  test.each<[readonly unknown[], Sv1ClientEvent]>([
    [[], { type: 'reconnect', host: 'pool.example', port: 3333, waitSeconds: 0 }],
    [[null, null, null], { type: 'reconnect', host: 'pool.example', port: 3333, waitSeconds: 0 }],
    [['POOL.example', 3334, 9], { type: 'reconnect', host: 'POOL.example', port: 3334, waitSeconds: 9 }],
    [['eu.pool.example', '3334'], { type: 'reconnect', host: 'eu.pool.example', port: 3334, waitSeconds: 0 }],
    [['backup.example'], { type: 'reconnect', host: 'backup.example', port: 3333, waitSeconds: 0 }],
    [['a.backup.example'], { type: 'reconnect-refused', host: 'a.backup.example' }],
    [['evilpool.example', 3333], { type: 'reconnect-refused', host: 'evilpool.example' }],
    [['.pool.example', 3333], { type: 'reconnect-refused', host: '.pool.example' }],
    [['10.0.0.1', 3333], { type: 'reconnect-refused', host: '10.0.0.1' }],
    [['pool.example', 0], { type: 'invalid', method: 'client.reconnect', problem: 'port' }],
  ])('to %j', (params, event) => {
    expect(hear(working(hosts), call('client.reconnect', ...params))).toEqual([event]);
  });
});

test('a pool is told what it asks, and its message handed on', () => {
  const session = working();
  const events = hear(
    session,
    '{"id":8,"method":"client.get_version","params":[]}',
    '{"id":9,"method":"mining.ping","params":[]}',
    '{"id":null,"method":"mining.ping"}',
    '{"id":null,"method":"mining.pong"}',
    '{"id":7,"method":"mining.dance"}',
    call('mining.dance'),
    call('client.show_message', 'hello'),
    'nonsense',
  );
  expect(events).toEqual([
    { type: 'unknown', method: 'mining.dance' },
    { type: 'unknown', method: 'mining.dance' },
    { type: 'message', text: 'hello' },
    { type: 'malformed', reason: 'not-json' },
  ]);
  session.ping();
  expect(written(session)).toEqual([
    '{"id":8,"result":"sv2kit/1.0","error":null}',
    '{"id":9,"result":"pong","error":null}',
    '{"id":null,"method":"mining.pong","params":[]}',
    '{"id":7,"result":null,"error":[20,"Unknown method",null]}',
    '{"id":5,"method":"mining.ping","params":[]}',
  ]);
});

test('nothing but malformed lines ends the connection', () => {
  const session = working();
  hear(session, 'x', 'x', NOTIFY, 'x', 'x');
  expect(() => hear(session, 'x')).toThrow(new Sv1Error('too-many-malformed-lines', { reason: 'not-json' }));
});

test('a job with a coinbase of many outputs fits a line of a pool', () => {
  const large = { ...JOB, coinb2: filled(17_000, 1) };
  expect([...working().receive(bytesOf(writeNotify(large)))]).toEqual([job({ notify: large })]);
});
