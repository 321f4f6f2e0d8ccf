import { JobLine, stratumError, writeError, writePoolMessage, writeResult } from '@sv2kit/sv1';
import { expect, test } from 'vitest';
import { V1LineCutter, type V1Line } from '../src/load/v1-lines.ts';

const JOB = {
  type: 'notify' as const,
  jobId: '4231',
  prevHash: new Uint8Array(32),
  coinb1: Uint8Array.of(1),
  coinb2: Uint8Array.of(2),
  merkleBranches: [new Uint8Array(32)],
  version: 0x2000_0000,
  nbits: 0x1703_8b5d,
  ntime: 0x6512_abcd,
  cleanJobs: true,
};
const notify = new TextDecoder().decode(new JobLine(JOB).bytes(true));
const stream =
  writeResult('7', true) +
  writePoolMessage({ type: 'set-difficulty', difficulty: 8192 }) +
  notify +
  writeError('8', stratumError('jobNotFound', 'No such job'));
const READ = [
  { kind: 'yes' },
  { kind: 'other' },
  { kind: 'notify', job: { id: '4231', ntime: '6512abcd', clean: true } },
  { kind: 'no', reason: 'No such job' },
];

function cut(text: string, size: number): V1Line[] {
  const cutter = new V1LineCutter();
  const found: V1Line[] = [];
  for (let at = 0; at < text.length; at += size)
    cutter.cut(Buffer.from(text.slice(at, at + size)), (line) => found.push(line));
  return found;
}

test('tells answers, jobs and the rest apart, as the sessions write them', () => {
  expect(cut(stream, stream.length)).toEqual(READ);
});

test('lines may come in pieces of any size', () => {
  for (const size of [1, 7, 40]) expect(cut(stream, size)).toEqual(READ);
});
