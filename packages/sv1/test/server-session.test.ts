import { describe, expect, test } from 'vitest';
import {
  MINER_LINE_LIMITS,
  SV1_LIMITS,
  Sv1Error,
  type Sv1ServerEvent,
  Sv1ServerSession,
  writeNotify,
} from '../src/index.ts';
import { answer, bytesOf, filled, JOB, line, ready, SUBSCRIPTION, say, textOf, written } from './builders.ts';

const SUBSCRIBED =
  '"result":[[["mining.set_difficulty","deadbeef"],["mining.notify","deadbeef"]],"deadbeef",4],"error":null';
const yes = (id: string): string => `{"id":${id},"result":true,"error":null}`;
const mask = (hex: string): string => `{"id":null,"method":"mining.set_version_mask","params":["${hex}"]}`;
const difficulty = (text: string): string => `{"id":null,"method":"mining.set_difficulty","params":[${text}]}`;
const CLEAN = writeNotify({ ...JOB, cleanJobs: true }).trimEnd();
const PLAIN = writeNotify(JOB).trimEnd();
const SUBMIT =
  '{"id":9,"method":"mining.submit","params":["account.rig1","1a","00000001","6553f100","deadbeef","00c0e000"]}';

describe('handshakes in the order of each firmware', () => {
  test.each<[string, string[], string[]]>([
    [
      'ESP-Miner: all pipelined',
      [
        '{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
        '{"id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1370/v2.9.0"]}',
        '{"id": 3, "method": "mining.authorize", "params": ["bc1qexample.bitaxe", "x"]}',
        '{"id": 4, "method": "mining.suggest_difficulty", "params": [1000]}',
        '{"id": 5, "method": "mining.extranonce.subscribe", "params": []}',
      ],
      [
        '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}',
        `{"id":2,${SUBSCRIBED}}`,
        yes('3'),
        mask('1fffe000'),
        difficulty('512'),
        CLEAN,
        yes('4'),
        yes('5'),
      ],
    ],
    [
      'cpuminer: subscribe and authorize, no configure',
      [
        '{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}',
        '{"id": 2, "method": "mining.authorize", "params": ["account", "x"]}',
        '{"id": 3, "method": "mining.extranonce.subscribe", "params": []}',
      ],
      [`{"id":1,${SUBSCRIBED}}`, yes('2'), difficulty('512'), CLEAN, yes('3')],
    ],
    [
      'authorize before subscribe',
      [
        '{"id":"a","method":"mining.authorize","params":["account","x"]}',
        '{"id":"b","method":"mining.subscribe","params":[]}',
      ],
      [yes('"a"'), `{"id":"b",${SUBSCRIBED}}`, difficulty('512'), CLEAN],
    ],
    [
      'Antminer: configure with min-bit-count, a mask of its own',
      [
        '{"id":0,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"007fe000","version-rolling.min-bit-count":8}]}',
        '{"id":0,"method":"mining.subscribe","params":["Antminer S19k Pro/Thu Feb  1 2024"]}',
        '{"id":0,"method":"mining.authorize","params":["account.rig","123"]}',
      ],
      [
        '{"id":0,"result":{"version-rolling":true,"version-rolling.mask":"007fe000"},"error":null}',
        `{"id":0,${SUBSCRIBED}}`,
        yes('0'),
        mask('007fe000'),
        difficulty('512'),
        CLEAN,
      ],
    ],
    [
      'Whatsminer: asks for no minimum difficulty and gets no word of it',
      [
        '{"id":1,"method":"mining.subscribe","params":["whatsminer/v1.0"]}',
        '{"id":2,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}',
        '{"id":3,"method":"mining.authorize","params":["account.m30","x"]}',
      ],
      [
        `{"id":1,${SUBSCRIBED}}`,
        '{"id":2,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}',
        yes('3'),
        mask('1fffe000'),
        difficulty('512'),
        CLEAN,
      ],
    ],
    [
      'an old S9: multi_version first',
      [
        '{"id":1,"method":"mining.multi_version","params":[1]}',
        '{"id":2,"method":"mining.subscribe","params":["bmminer/2.0.0"]}',
        '{"id":3,"method":"mining.authorize","params":["account.s9",""]}',
      ],
      [yes('1'), `{"id":2,${SUBSCRIBED}}`, yes('3'), difficulty('512'), CLEAN],
    ],
    [
      'Braiins OS: everything of BIP310, and an extension nobody knows',
      [
        '{"id":0,"method":"mining.configure","params":[["version-rolling","minimum-difficulty","subscribe-extranonce","colour"],{"version-rolling.mask":"00000fff","minimum-difficulty.value":64}]}',
        '{"id":1,"method":"mining.subscribe","params":["bosminer-plus/0.2","old-session"]}',
        '{"id":2,"method":"mining.authorize","params":["account","x"]}',
      ],
      [
        '{"id":0,"result":{"colour":false,"version-rolling":false,"minimum-difficulty":false,"subscribe-extranonce":true},"error":null}',
        `{"id":1,${SUBSCRIBED}}`,
        yes('2'),
        difficulty('512'),
        CLEAN,
      ],
    ],
    [
      'a second subscribe and a second authorize',
      [
        '{"id":1,"method":"mining.subscribe","params":[]}',
        '{"id":2,"method":"mining.subscribe","params":[]}',
        '{"id":3,"method":"mining.authorize","params":["account"]}',
        '{"id":4,"method":"mining.authorize","params":["account"]}',
      ],
      [`{"id":1,${SUBSCRIBED}}`, `{"id":2,${SUBSCRIBED}}`, yes('3'), difficulty('512'), CLEAN, yes('4')],
    ],
  ])('%s', (_, said, expected) => {
    const session = new Sv1ServerSession();
    session.sendJob(line(JOB), 512);
    say(session, ...said);
    expect(written(session)).toEqual(expected);
    expect(session.state).toEqual({ phase: 'mining' });
  });
});

describe('a miner tells the host', () => {
  test('who it is and what its password asks for', () => {
    const events = say(
      new Sv1ServerSession(),
      '{"id":1,"method":"mining.subscribe","params":["NerdMinerV2","aa"]}',
      '{"id":2,"method":"mining.authorize","params":["account_nerd","d=0.001,x"]}',
    );
    expect(events).toMatchObject([
      { type: 'subscribe', request: { userAgent: 'NerdMinerV2', session: 'aa' } },
      {
        type: 'authorise',
        identity: { account: 'account', worker: 'nerd' },
        password: { difficulty: 0.001, minimumDifficulty: undefined, fixed: false },
      },
    ]);
  });

  test('what difficulty it would like, as a difficulty or a target, but no noise', () => {
    const events = say(
      new Sv1ServerSession(),
      '{"id":1,"method":"mining.suggest_difficulty","params":[0.5]}',
      '{"id":2,"method":"mining.suggest_target","params":["00000000ffff0000000000000000000000000000000000000000000000000000"]}',
      '{"id":3,"method":"mining.suggest_difficulty","params":[9.8e53]}',
      '{"id":4,"method":"mining.suggest_target","params":["0000000000000000000000000000000000000000000000000000000000000001"]}',
    );
    expect(events).toEqual([
      { type: 'suggestion', difficulty: 0.5 },
      { type: 'suggestion', difficulty: 1 },
    ]);
  });

  test('what it is when asked', () => {
    const session = new Sv1ServerSession();
    session.askVersion();
    expect(written(session)).toEqual(['{"id":1,"method":"client.get_version","params":[]}']);
    expect(say(session, '{"id":1,"result":"cgminer/4.12","error":null}', '{"id":2,"result":"x"}')).toEqual([
      { type: 'version', userAgent: 'cgminer/4.12' },
    ]);
    expect(session.userAgent).toBe('cgminer/4.12');
  });
});

describe('a submit', () => {
  test('before subscribe is 25, of a name without authorisation 24', () => {
    const session = new Sv1ServerSession();
    say(session, SUBMIT, '{"id":1,"method":"mining.subscribe"}', SUBMIT);
    expect(written(session)).toEqual([
      '{"id":9,"result":null,"error":[25,"Not subscribed",null]}',
      `{"id":1,${SUBSCRIBED}}`,
      '{"id":9,"result":null,"error":[24,"Unauthorized worker",null]}',
    ]);
  });

  test('is answered once, with yes or an error', () => {
    const { session } = ready(new Sv1ServerSession());
    const requests = [...session.receive(bytesOf(`${SUBMIT}\n${SUBMIT}\n`))].flatMap((event) =>
      event.type === 'submit' ? [event.request] : [],
    );
    const [first, second] = requests;
    if (first === undefined || second === undefined) throw new Error('no submits');
    session.refuse(second, { code: 22, message: 'Duplicate share' });
    session.accepted(first);
    expect(written(session)).toEqual(['{"id":9,"result":null,"error":[22,"Duplicate share",null]}', yes('9')]);
    expect(() => session.accepted(first)).toThrow('this submit request is owed no answer');
  });

  test('that makes no sense is refused, and the miner goes on', () => {
    const { session } = ready(new Sv1ServerSession());
    expect(say(session, SUBMIT.replace('deadbeef', 'deadbeefs'), SUBMIT).map(({ type }) => type)).toEqual([
      'refused',
      'submit',
    ]);
    expect(written(session)).toEqual(['{"id":9,"result":null,"error":[20,"Invalid nonce",null]}', yes('9')]);
  });

  test('may carry version bits without a configure, as far as the upstream allows', () => {
    const { session } = ready(new Sv1ServerSession());
    expect(session.versionMask).toBe(0);
    session.setVersionMask(0x1fffe000);
    expect([session.versionMask, session.versionRolling.kind, written(session)]).toEqual([0x1fffe000, 'not-asked', []]);
  });
});

describe('work', () => {
  test('waits for both answers, and the latest alone goes out', () => {
    const session = new Sv1ServerSession();
    const events = [
      ...session.receive(
        bytesOf('{"id":1,"method":"mining.subscribe"}\n{"id":2,"method":"mining.authorize","params":["a"]}\n'),
      ),
    ];
    expect(session.sendJob(line({ ...JOB, jobId: 'old' }), 8)).toBe(false);
    expect(session.sendJob(line(JOB), 4)).toBe(false);
    for (const event of events.toReversed()) {
      expect(written(session).filter((text) => text.includes('notify"'))).toEqual([]);
      answer(session, event);
    }
    expect(written(session)).toEqual([`{"id":1,${SUBSCRIBED}}`, difficulty('4'), CLEAN]);
  });

  test('brings a difficulty only in front of a job, and only a new one', () => {
    const { session } = ready(new Sv1ServerSession());
    expect(session.sendJob(line(JOB), 2 ** -20)).toBe(true);
    session.sendJob(line(JOB), 2 ** -20);
    session.sendJob(line(JOB), 4);
    expect(written(session)).toEqual([difficulty('0.00000095367431640625'), CLEAN, PLAIN, difficulty('4'), PLAIN]);
  });

  test('is the same bytes for all miners', () => {
    const shared = line({ ...JOB, cleanJobs: true });
    const [a, b] = [ready(new Sv1ServerSession()).session, ready(new Sv1ServerSession()).session];
    for (const session of [a, b]) {
      session.sendJob(shared, 1);
      session.drain();
      session.sendJob(shared, 1);
    }
    expect(a.drain()).toBe(b.drain());
  });

  test('brings a new extranonce with the next job, which is clean, to miners that asked for it alone', () => {
    const { session } = ready(new Sv1ServerSession());
    const changed = { extranonce1: filled(4, 1), extranonce2Size: 6, session: 'x' };
    expect(session.setExtranonce(changed)).toBe(false);
    say(session, '{"id":3,"method":"mining.extranonce.subscribe","params":[]}');
    session.sendJob(line(JOB), 1);
    session.drain();
    expect(session.setExtranonce(changed)).toBe(true);
    expect(session.drain()).toBeUndefined();
    session.sendJob(line(JOB), 1);
    expect(written(session)).toEqual(['{"id":null,"method":"mining.set_extranonce","params":["01010101",6]}', CLEAN]);
    expect(session.subscription).toEqual(changed);
  });

  test('has the version mask of both sides; a change is told when there is one', () => {
    const session = new Sv1ServerSession();
    say(
      session,
      '{"id":0,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"00ffe000"}]}',
    );
    session.drain();
    session.setVersionMask(0x0ff00000);
    expect(session.drain()).toBeUndefined();
    expect(ready(session).lines.filter((text) => text.includes('version_mask'))).toEqual([mask('00f00000')]);
    session.setVersionMask(0xfff00000);
    expect(written(session)).toEqual([]);
    session.setVersionMask(0);
    expect(written(session)).toEqual([mask('00000000')]);
    expect(session.versionRolling).toEqual({ kind: 'settled', asked: 0x00ffe000, mask: 0 });
  });

  test('ends with being sent elsewhere, and a word why', () => {
    const { session } = ready(new Sv1ServerSession());
    session.showMessage('moving');
    session.reconnect({ host: 'b.example', port: 3333, waitSeconds: 2 });
    session.reconnect({ host: undefined, port: undefined, waitSeconds: 0 });
    expect(written(session)).toEqual([
      '{"id":null,"method":"client.show_message","params":["moving"]}',
      '{"id":null,"method":"client.reconnect","params":["b.example",3333,2]}',
      '{"id":null,"method":"client.reconnect","params":[]}',
    ]);
  });
});

describe('what nobody wants', () => {
  test.each<[string, string, Sv1ServerEvent[], string[]]>([
    [
      'an unknown method gets an error',
      '{"id":"q","method":"mining.dance"}',
      [{ type: 'unknown', method: 'mining.dance' }],
      ['{"id":"q","result":null,"error":[20,"Unknown method",null]}'],
    ],
    [
      'get_transactions gets an error',
      '{"id":5,"method":"mining.get_transactions","params":["1a"]}',
      [{ type: 'refused', method: 'mining.get_transactions', error: { code: 20, message: 'Not available' } }],
      ['{"id":5,"result":null,"error":[20,"Not available",null]}'],
    ],
    ['a ping gets a pong', '{"id":5,"method":"mining.ping"}', [], ['{"id":5,"result":"pong","error":null}']],
    ['a ping without an id too', '{"method":"mining.ping"}', [], ['{"id":null,"method":"mining.pong","params":[]}']],
    ['a pong gets nothing', '{"id":null,"method":"mining.pong"}', [], []],
    [
      'a suggestion without an id is heard and not answered',
      '{"id":null,"method":"mining.suggest_difficulty","params":[8]}',
      [{ type: 'suggestion', difficulty: 8 }],
      [],
    ],
    [
      'extranonce.subscribe without an id too',
      '{"method":"mining.extranonce.subscribe"}',
      [{ type: 'extranonce-subscribed' }],
      [],
    ],
    ['nor an unknown method', '{"id":null,"method":"mining.dance"}', [{ type: 'unknown', method: 'mining.dance' }], []],
    [
      'a malformed line gets an error',
      '{"id":1,',
      [{ type: 'malformed', reason: 'not-json' }],
      ['{"id":null,"result":null,"error":[20,"Malformed request: not-json",null]}'],
    ],
  ])('%s', (_, said, events, answers) => {
    const session = new Sv1ServerSession();
    expect(say(session, said)).toEqual(events);
    expect(written(session)).toEqual(answers);
  });

  test('malformed lines are forgiven twice, and again after a good one', () => {
    const session = new Sv1ServerSession();
    say(session, 'x', 'x', '{"id":1,"method":"mining.ping"}', 'x', 'x');
    expect(() => say(session, 'x')).toThrow(new Sv1Error('too-many-malformed-lines', { reason: 'not-json' }));
  });

  test('a line without an end ends the connection', () => {
    expect(() => [...new Sv1ServerSession().receive(filled(MINER_LINE_LIMITS.line + 1, 0x20))]).toThrow(Sv1Error);
  });

  test('too many requests without an answer end the connection', () => {
    const session = new Sv1ServerSession({ limits: { ...SV1_LIMITS, unansweredRequests: 2 } });
    const bytes = (method: string) => bytesOf(`{"id":1,"method":"${method}","params":[[]]}\n`);
    for (const _ of [1, 2, 3]) expect([...session.receive(bytes('mining.subscribe'))].length).toBeLessThan(2);
    expect(() => [...session.receive(bytes('mining.subscribe'))]).toThrow(/^too-many-unanswered/);
    expect([...session.receive(bytes('mining.configure'))]).toHaveLength(1);
    expect(() => [...session.receive(bytes('mining.configure'))]).toThrow(/^too-many-unanswered/);
  });

  test('too many user names are refused, and a refused name makes room', () => {
    const session = new Sv1ServerSession({ limits: { ...SV1_LIMITS, workers: 1 } });
    const authorise = (name: string) => bytesOf(`{"id":1,"method":"mining.authorize","params":["${name}"]}\n`);
    const [first] = [...session.receive(authorise('a'))];
    expect([...session.receive(authorise('b'))]).toMatchObject([{ type: 'refused', error: { code: 24 } }]);
    if (first?.type !== 'authorise') throw new Error('not asked');
    session.refuse(first.request, { code: 24, message: 'no' });
    expect([...session.receive(authorise('b'))]).toMatchObject([{ type: 'authorise' }]);
    expect(session.state).toEqual({ phase: 'fresh' });
  });

  test('a refused subscribe refuses all who asked meanwhile, and may be asked again', () => {
    const session = new Sv1ServerSession();
    const ask = (id: number) => [...session.receive(bytesOf(`{"id":${id},"method":"mining.subscribe"}\n`))];
    const [event] = ask(1);
    expect(ask(2)).toEqual([]);
    if (event?.type !== 'subscribe') throw new Error('not asked');
    session.refuse(event.request, { code: 20, message: 'full' });
    expect(written(session)).toEqual([1, 2].map((id) => `{"id":${id},"result":null,"error":[20,"full",null]}`));
    for (const again of ask(3)) answer(session, again);
    expect(session.subscription).toEqual(SUBSCRIPTION);
  });
});

test('a pool probe finds subscribe, difficulty and job in one write', () => {
  const session = new Sv1ServerSession();
  session.sendJob(line(JOB), 1);
  say(
    session,
    '{"id":1,"method":"mining.subscribe","params":["probe"]}',
    '{"id":2,"method":"mining.authorize","params":["a","x"]}',
  );
  const text = textOf(session.drain());
  expect(text.slice(0, 1_023)).toContain('"method":"mining.notify"');
});
