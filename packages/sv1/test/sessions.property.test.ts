import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  USUAL_VERSION_MASK,
  type Sv1ClientEvent,
  Sv1Error,
  type Sv1ServerEvent,
  Sv1ServerSession,
  writeMinerRequest,
  writeNotify,
} from '../src/index.ts';
import { answer, bytesOf, client, JOB, line, SUBSCRIPTION, textOf, written } from './builders.ts';

const id = fc.constantFrom('0', '1', '"a"', 'null', '[1]');
const name = fc.constantFrom('account.rig1', 'account.rig2', '', 'x'.repeat(300));
const minerLine = fc.oneof(
  id.map((value) => `{"id":${value},"method":"mining.subscribe","params":["cgminer"]}`),
  id.map(
    (value) =>
      `{"id":${value},"method":"mining.configure","params":[["version-rolling","info"],{"version-rolling.mask":"00ffe000"}]}`,
  ),
  fc
    .tuple(id, name)
    .map(([value, user]) => JSON.stringify({ id: 7, method: 'mining.authorize', params: [user, value] })),
  fc.tuple(id, name).map(([value, username]) =>
    writeMinerRequest({
      type: 'submit',
      id: value,
      username,
      jobId: '1a',
      extranonce2: new Uint8Array(4),
      ntime: 1,
      nonce: 2,
      versionBits: 0x2000,
    }).trimEnd(),
  ),
  id.map((value) => `{"id":${value},"method":"mining.extranonce.subscribe"}`),
  id.map((value) => `{"id":${value},"method":"mining.suggest_difficulty","params":[64]}`),
  id.map((value) => `{"id":${value},"method":"mining.multi_version","params":[1]}`),
  id.map((value) => `{"id":${value},"method":"mining.ping"}`),
  id.map((value) => `{"id":${value},"method":"mining.other"}`),
);
/** Without an id, and of no use to answer. */
const NOTIFICATION = /^\{"id":null,"method":"mining\.(?:extranonce|suggest|multi|other)/;
const hostStep = fc.constantFrom('job', 'extranonce', 'mask', 'answer', 'refuse', 'message');

test('no order of valid requests, answers and work wedges a miner, throws, or lets work out too early', () => {
  const steps = fc.array(
    fc.oneof(
      minerLine.map((text) => ({ text })),
      hostStep,
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (plan) => {
      const session = new Sv1ServerSession();
      const owed: Sv1ServerEvent[] = [];
      let asked = 0;
      let answers = 0;
      let subscribed = false;
      let authorised = false;
      const flush = (): void => {
        for (const text of written(session)) {
          const said = JSON.parse(text);
          if (!('method' in said)) answers += 1;
          if (Array.isArray(said.result)) subscribed = true;
          if (said.method === 'mining.pong') answers += 1;
          if (said.method === 'mining.notify' || said.method === 'mining.set_difficulty') {
            expect([subscribed, authorised]).toEqual([true, true]);
          }
        }
      };
      const settle = (event: Sv1ServerEvent | undefined, refused: boolean): void => {
        if (event === undefined || !('request' in event)) return;
        if (event.type === 'authorise' && !refused) authorised = true;
        if (refused) session.refuse(event.request, { code: 20, message: 'no' });
        else answer(session, event);
      };
      const step = (what: (typeof plan)[number]): void => {
        if (typeof what === 'object') {
          if (!NOTIFICATION.test(what.text)) asked += 1;
          for (const event of session.receive(bytesOf(`${what.text}\n`))) if ('request' in event) owed.push(event);
        } else if (what === 'job') session.sendJob(line(JOB), owed.length + 1);
        else if (what === 'extranonce') session.setExtranonce(SUBSCRIPTION);
        else if (what === 'mask') session.setVersionMask(USUAL_VERSION_MASK >>> owed.length);
        else if (what === 'message') session.showMessage('hello');
        else settle(owed.shift(), what === 'refuse');
        flush();
      };
      for (const what of plan) step(what);
      for (const event of owed.splice(0)) settle(event, false);
      // And whatever came before, a well-behaved handshake gets the miner to work.
      for (const text of [
        '{"id":1,"method":"mining.subscribe","params":[]}',
        '{"id":2,"method":"mining.authorize","params":["last"]}',
      ]) {
        step({ text });
        for (const event of owed.splice(0)) settle(event, false);
      }
      flush();
      expect(answers).toBe(asked);
      expect(session.state.phase).toBe('mining');
      session.drain();
      session.sendJob(line(JOB), 3);
      expect(textOf(session.drain())).toContain('mining.notify');
    }),
  );
});

const poolLine = fc.oneof(
  fc.constant('{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"}}'),
  fc.constant('{"id":2,"result":[[],"0800",4],"error":null}'),
  fc.constant('{"id":2,"result":null,"error":[20,"no"]}'),
  fc.constant('{"id":3,"result":true}'),
  fc.constant('{"id":3,"result":false}'),
  fc.nat(12).map((value) => `{"id":${value},"result":true,"error":null}`),
  fc.constant(writeNotify(JOB).trimEnd()),
  fc.constant('{"method":"mining.set_difficulty","params":[8]}'),
  fc.constant('{"method":"mining.set_extranonce","params":["0a",8]}'),
  fc.constant('{"method":"mining.set_version_mask","params":["00006000"]}'),
  fc.constant('{"method":"client.reconnect","params":["pool.example",3333,1]}'),
  fc.constant('{"id":5,"method":"mining.ping"}'),
);

test('no order of what pools send throws, and a job always carries the terms that were set last', () => {
  fc.assert(
    fc.property(fc.array(poolLine, { maxLength: 60 }), (lines) => {
      const session = client();
      session.start();
      let difficulty = 1;
      const tickets = new Set<number>();
      const check = (event: Sv1ClientEvent): void => {
        if (event.type === 'difficulty') difficulty = event.difficulty;
        if (event.type === 'verdict') expect(tickets.delete(event.ticket)).toBe(true);
        if (event.type !== 'job') return;
        expect(event.job.difficulty).toBe(difficulty);
        if (session.state.phase !== 'working') return;
        const share = { extranonce2: new Uint8Array(event.job.extranonce2Size), version: 1, ntime: 2, nonce: 3 };
        tickets.add(session.submit(event.job.notify.jobId, share, event.job.versionMask));
      };
      for (const text of lines) {
        for (const event of session.receive(bytesOf(`${text}\n`))) check(event);
        for (const out of written(session)) JSON.parse(out);
      }
      expect(session.unanswered).toBe(tickets.size);
    }),
  );
});

test('no bytes make either session throw anything but its own error', () => {
  const word = fc.constantFrom(
    ...[
      '{"id":',
      '1',
      ',"method":"',
      'mining.submit',
      'mining.configure',
      'mining.notify',
      '","params":[',
      '[',
      ']',
      '}',
      '\n',
    ],
    ...[
      '"',
      ',',
      '"__proto__":',
      'null',
      '{',
      '"result":',
      'mining.set_extranonce',
      '"ff"',
      '-1',
      '1e999',
      '\r\n',
      'é',
      ' ',
    ],
  );
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(word, { maxLength: 80 }).map((words) => bytesOf(words.join(''))),
    fc
      .tuple(
        fc.constantFrom(
          'mining.submit',
          'mining.configure',
          'mining.subscribe',
          'mining.notify',
          'client.reconnect',
          'mining.authorize',
        ),
        fc.array(fc.jsonValue(), { maxLength: 9 }),
      )
      .map(([method, params]) => bytesOf(`${JSON.stringify({ id: 1, method, params })}\n`)),
    fc.jsonValue().map((result) => bytesOf(`${JSON.stringify({ id: 2, result, error: result })}\n`)),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 6 }), (chunks) => {
      const pool = client();
      pool.start();
      const miner = new Sv1ServerSession();
      for (const session of [pool, miner]) {
        try {
          for (const chunk of chunks)
            for (const event of session.receive(chunk)) expect(event.type).toBeTypeOf('string');
        } catch (error) {
          if (!(error instanceof Sv1Error)) throw error;
        }
        for (const text of written(session)) JSON.parse(text);
      }
    }),
    { numRuns: 500 },
  );
});
