import type { TemplatesFromServer } from '@sv2kit/codec';
import { createMetrics, VirtualClock } from '@sv2kit/daemon';
import type { Connection } from '@sv2kit/net';
import { describe, expect, test } from 'vitest';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from '../src/limits.ts';
import { templateProviderMetrics } from '../src/metrics.ts';
import { TransactionAnswers } from '../src/transaction-answers.ts';

const MEGABYTE = 1_000_000;
let lastId = 0;

/** A client that reads when it is told to. */
class Reader {
  readonly id = ++lastId;
  readonly remote: { readonly address: string; readonly port: number };
  readonly frames: Uint8Array[] = [];
  readonly refusals: TemplatesFromServer[] = [];
  congested = false;
  /** Why the server ended the connection. */
  ended: string | undefined;

  constructor(address: string) {
    this.remote = { address, port: 1 };
  }

  /** Sockets take what they can: a large answer is never gone at once. */
  sendFrame(frame: Uint8Array): void {
    this.frames.push(frame);
    this.congested = true;
  }

  send(message: TemplatesFromServer): void {
    this.refusals.push(message);
  }

  flush(): void {}

  destroy(reason: string): void {
    this.ended = reason;
  }

  get connection(): Connection<TemplatesFromServer> {
    return this as unknown as Connection<TemplatesFromServer>;
  }
}

/** Answers from templates whose block has so many megabytes; unknown ones above 1000. */
function answering(megabytes = 1) {
  const data = new Uint8Array(megabytes * MEGABYTE);
  const clock = new VirtualClock();
  const answers = new TransactionAnswers({
    publisher: {
      transactionData: (templateId) =>
        templateId > 1000n
          ? { type: 'RequestTransactionDataError', templateId, errorCode: 'template-id-not-found' }
          : {
              type: 'RequestTransactionDataSuccess',
              templateId,
              excessData: new Uint8Array(),
              transactionList: [data],
            },
    },
    held: { complete: () => Promise.reject(new Error('nothing is held')) },
    clock,
    metrics: templateProviderMetrics(createMetrics()),
  });
  const read = (reader: Reader) => {
    reader.congested = false;
    answers.drained(reader.id);
  };
  return { answers, read, clock };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('answers with transaction data', () => {
  test('are the same bytes for all who ask for the same template', () => {
    const { answers } = answering(0.1);
    const readers = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => new Reader(address));
    for (const { connection } of readers) answers.ask(connection, 7n);
    const [first] = readers[0]?.frames ?? [];
    expect(first?.length).toBeGreaterThan(MEGABYTE / 10);
    expect(readers.every(({ frames }) => frames[0] === first)).toBe(true);
  });

  test('are encoded once, also when clients of all the spaces that a node serves ask in turn', () => {
    const { answers, read } = answering(0.01);
    const readers = Array.from({ length: 24 }, () => new Reader('10.0.0.1'));
    for (const [i, reader] of readers.entries()) {
      answers.ask(reader.connection, BigInt(i % 8));
      read(reader);
    }
    expect(new Set(readers.map(({ frames }) => frames[0])).size).toBe(8);
  });

  test('go to one client one at a time, in the order of its requests', () => {
    const { answers, read } = answering(0.1);
    const reader = new Reader('10.0.0.1'); // three answers, within a turn's bytes
    for (const id of [1n, 2n, 2000n, 3n]) answers.ask(reader.connection, id);
    expect(reader.frames).toHaveLength(1);
    expect(answers.waiting).toBe(3);
    read(reader);
    expect(reader.frames).toHaveLength(2);
    read(reader);
    expect(reader.refusals).toMatchObject([{ templateId: 2000n, errorCode: 'template-id-not-found' }]);
    expect(reader.frames).toHaveLength(3);
    read(reader);
    expect([answers.waiting, answers.bytesUnderWay]).toEqual([0, 0]);
  });

  test('that nobody reads keep no more than a budget, of one address and in all', async () => {
    const { answers } = answering(4);
    const readers = Array.from({ length: 200 }, (_, i) => new Reader(`10.0.${Math.floor(i / 40)}.1`));
    for (const { connection } of readers) answers.ask(connection, 7n);
    for (let i = 0; i < 200; i++) await turn();
    expect(answers.bytesUnderWay).toBeLessThan(LIMITS.transactionDataBytes + 5 * MEGABYTE);
    const ofOne = readers.filter(({ remote }) => remote.address === '10.0.0.1');
    const sent = ofOne.reduce((sum, { frames }) => sum + frames.length, 0);
    expect(sent * 4 * MEGABYTE).toBeLessThan(LIMITS.transactionDataBytes / LIMITS.transactionDataShare);
    for (const { id } of readers) answers.gone(id);
    expect([answers.waiting, answers.bytesUnderWay]).toEqual([0, 0]);
  });

  test('go to one who comes late, however many addresses a few strangers have whose clients read nothing', async () => {
    const { answers } = answering(4);
    for (let i = 0; i < 8 * 64; i++) answers.ask(new Reader(`10.0.0.${i % 8}`).connection, 7n);
    for (let i = 0; i < 200; i++) await turn();
    const honest = new Reader('10.1.0.1');
    answers.ask(honest.connection, 7n);
    await turn();
    expect(honest.frames).toHaveLength(1);
  });

  test('that are not read within a minute, though a byte of them now and then, end the connection', () => {
    const { answers, read, clock } = answering();
    const [slow, quick] = [new Reader('10.0.0.1'), new Reader('10.0.0.2')];
    for (const { connection } of [slow, quick]) answers.ask(connection, 7n);
    clock.advance(50_000);
    answers.sweep();
    expect(slow.ended).toBeUndefined();
    read(quick);
    answers.ask(quick.connection, 7n);
    clock.advance(10_000);
    answers.sweep();
    expect([slow.ended, quick.ended]).toEqual(['slow-reader', undefined]);
  });

  test('that waited for the budget go out when somebody reads, or is gone', async () => {
    const { answers, read } = answering(4);
    const readers = Array.from({ length: 20 }, () => new Reader('10.0.0.1'));
    for (const { connection } of readers) answers.ask(connection, 7n);
    for (let i = 0; i < 20; i++) await turn();
    const served = () => readers.filter(({ frames }) => frames.length > 0);
    const before = served().length;
    expect(before).toBeLessThan(20);
    const [first, second] = served();
    if (first === undefined || second === undefined) throw new Error('nobody was served');
    read(first);
    answers.gone(second.id);
    for (let i = 0; i < 20; i++) await turn();
    expect(served()).toHaveLength(before + 2);
  });

  test('take turns with everything else: about a megabyte at a time', async () => {
    const { answers } = answering(2);
    const readers = Array.from({ length: 6 }, () => new Reader('10.0.0.1'));
    const served = () => readers.filter(({ frames }) => frames.length > 0).length;
    for (const { connection } of readers) answers.ask(connection, 7n);
    expect(served()).toBe(1);
    await turn();
    expect(served()).toBe(2);
  });
});
