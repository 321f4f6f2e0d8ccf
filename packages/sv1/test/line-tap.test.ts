import { expect, test } from 'vitest';
import { Sv1ClientSession, Sv1ServerSession } from '../src/index.ts';
import { bytesOf } from './builders.ts';

type Heard = [direction: 'received' | 'sent', line: string];

/** What who listens hears when the miner says `text`, cut anywhere. */
function hear(text: string, cut = 0): { readonly heard: Heard[]; readonly session: Sv1ServerSession } {
  const session = new Sv1ServerSession();
  const heard: Heard[] = [];
  const half = bytesOf(text.slice(0, cut));
  Array.from(session.receive(half));
  session.tap((...said) => heard.push(said));
  Array.from(session.receive(bytesOf(text.slice(cut))));
  session.drain();
  return { heard, session };
}

test('tells of whole lines to either side, each once, also of one that began before', () => {
  const ping = '{"id":1,"method":"mining.ping","params":[]}';
  const odd = '{"id":2,"method":"mining.odd","params":["\\u00e9"]}';
  expect(hear(`${ping}\r\n\n${odd}\n`, 10).heard).toEqual([
    ['received', ping],
    ['received', odd],
    ['sent', '{"id":1,"result":"pong","error":null}'],
    ['sent', '{"id":2,"result":null,"error":[20,"Unknown method",null]}'],
  ]);
});

test.each([
  ['{"id":3,"method":"mining.authorize","params":["bc1q.rig","s3cret"]}', 'bc1q.rig'],
  ['{"params":["bc1q.rig","s3cret",{"more":"s3cret"}],"method":"mining.\\u0061uthorize","id":3}', 'bc1q.rig'],
  ['{"id":3,"method":"mining.authorize","params":{"user":"u","password":"s3cret"}}', 'mining.authorize'],
  ['{"id":3,"method":"mining.Authorise","params":["u","s3cret"]}', 'mining.Authorise'],
  ['{"id":3,"method":"mining.authorize","params":["u","s3cret"', 'no message'],
  ['[{"id":3,"method":"mining.authorize","params":["u","s3cret"]}]', 'no message'],
])('tells no password: %s', (line, shown) => {
  const { heard } = hear(`${line}\n`);
  expect(heard[0]?.[1]).toContain(shown);
  expect(JSON.stringify(heard)).not.toContain('s3cret');
});

test('tells of a refusal as it was said', () => {
  const { heard } = hear('{"id":4,"method":"mining.submit","params":["u","1","00000000","6553f100","deadbeef"]}\n');
  expect(heard[1]).toEqual(['sent', '{"id":4,"result":null,"error":[25,"Not subscribed",null]}']);
});

test('tells no password of ours to a pool, and nothing more to who has stopped to listen', () => {
  const session = new Sv1ClientSession({
    host: 'pool',
    port: 3333,
    reconnectHosts: [],
    userAgent: 'us',
    username: 'we.1',
    password: 's3cret',
    versionMask: 0,
  });
  const heard: Heard[] = [];
  session.tap((...said) => heard.push(said));
  session.start();
  session.drain();
  Array.from(session.receive(bytesOf('{"id":1,"result":[[],"deadbeef",4],"error":null}\n')));
  session.drain();
  expect(heard).toEqual([
    ['sent', '{"id":1,"method":"mining.subscribe","params":["us"]}'],
    ['received', '{"id":1,"result":[[],"deadbeef",4],"error":null}'],
    ['sent', '{"id":2,"method":"mining.authorize","params":["we.1","***"]}'],
  ]);
  session.tap(undefined);
  session.ping();
  session.drain();
  expect(heard).toHaveLength(3);
});
