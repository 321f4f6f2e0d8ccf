import { expect, test } from 'vitest';
import { ChainRecord } from '../src/ipc/chain-record.ts';

const block = (height: number) => ({ height, hash: new Uint8Array(32).fill(height) });

test('a node that is only watched says from which height on it was', () => {
  const record = new ChainRecord();
  const nowhere = { inBestChain: false, confirmations: 0 };
  expect(record.where(block(9).hash)).toEqual({ ...nowhere, seenFrom: Number.POSITIVE_INFINITY });
  record.add(block(10));
  record.add(block(11));
  expect(record.where(block(9).hash)).toEqual({ ...nowhere, seenFrom: 10 });
  expect(record.where(block(10).hash)).toEqual({ inBestChain: true, confirmations: 2, height: 10 });
});
