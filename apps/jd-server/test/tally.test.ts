import { createMetrics, Latencies, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { expect, test } from 'vitest';
import { jdServerMetrics } from '../src/metrics.ts';
import { Tally } from '../src/tally.ts';

const answered = (outcome: 'invalid-job' | 'too-many-declarations' | 'invalid-mining-job-token') =>
  ({ kind: 'declaration', outcome, detail: '', tookMs: 0, transactions: 1, provided: 0, worth: undefined }) as const;

test('a client that floods does not fill the log: what is no use to anybody is counted', () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const note = (text: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push(`${text} ${JSON.stringify(fields)}`);
  };
  const log = { ...silentLogger, info: note, warn: note };
  const tally = new Tally({ clock, log, metrics: jdServerMetrics(createMetrics(), new Latencies()) });
  for (let times = 0; times < 100; times += 1) {
    tally.note(7, answered('too-many-declarations'));
    tally.note(7, answered('invalid-mining-job-token'));
    tally.note(7, { kind: 'solution', outcome: 'no-block' });
  }
  expect(lines).toEqual(['a solution solves no declared job {"client":7,"unsaid":0}']);
  clock.advance(1_000);
  tally.note(8, { kind: 'solution', outcome: 'no-block' });
  expect(lines.at(-1)).toBe('a solution solves no declared job {"client":8,"unsaid":99}');
  tally.note(8, answered('invalid-job'));
  expect(lines).toHaveLength(3);
  expect(tally.status()).toMatchObject({
    outcomes: { 'too-many-declarations': 100, 'invalid-mining-job-token': 100, 'invalid-job': 1 },
    solutions: { 'no-block': 101 },
  });
});
