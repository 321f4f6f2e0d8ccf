import { expect, test } from 'vitest';
import { timesOf } from '../src/load/node-log.ts';

const [FIRST, SECOND] = ['0f'.repeat(32), '15'.repeat(32)];
const LOG = `
2026-08-01T12:00:00.000500Z CreateNewBlock(): block weight: 800000 txs: 900 fees: 0 sigops 400
2026-08-01T12:00:00.001000Z [bench] CreateNewBlock() chunks: 0.01ms, validity: 0.13ms (total 0.14ms)
2026-08-01T12:00:01.000250Z UpdateTip: new best=${FIRST} height=1 version=0x00000001
2026-08-01T12:00:01.000300Z CreateNewBlock(): block weight: 932 txs: 0 fees: 0 sigops 400
2026-08-01T12:00:01.000400Z [bench] CreateNewBlock() chunks: 0.01ms, validity: 0.13ms (total 0.14ms)
2026-08-01T12:00:01.020000Z CreateNewBlock(): block weight: 800000 txs: 900 fees: 0 sigops 400
2026-08-01T12:00:01.021750Z [bench] CreateNewBlock() chunks: 9.01ms, validity: 9.13ms (total 18.14ms)
2026-08-01T12:00:01.520000Z CreateNewBlock(): block weight: 800000 txs: 900 fees: 0 sigops 400
2026-08-01T12:00:01.521750Z [bench] CreateNewBlock() chunks: 9.01ms, validity: 9.13ms (total 18.14ms)
2026-08-01T12:00:02.000250Z UpdateTip: new best=${SECOND} height=2 version=0x00000001
`;

test('of each tip: when it was one, and when its first template with transactions was made', () => {
  const second = Date.parse('2026-08-01T12:00:01Z');
  expect([...timesOf(LOG)]).toEqual([[FIRST, { tip: second + 0.25, template: second + 21.75, templateMs: 18.14 }]]);
});
