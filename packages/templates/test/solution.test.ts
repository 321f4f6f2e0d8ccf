import { decodeHeader, hashHeader, parseTransaction } from '@sv2kit/bitcoin';
import { describe, expect, test } from 'vitest';
import { TemplateClient, type TemplatePublisher, type WorkTemplate, type WorkTip } from '../src/index.ts';
import { drain, messagesOf, NOW, REGTEST_NBITS, serving, SMALL, template, tip, transaction } from './builders.ts';
import { coinbaseOf, mine } from './mining.ts';

const TRANSACTIONS = [1, 2, 3].map((name) => transaction({ name }));

interface Work {
  readonly server: TemplatePublisher;
  readonly template: WorkTemplate;
  readonly tip: WorkTip;
  readonly ahead: WorkTemplate;
}

function working(): Work {
  const server = serving(101, { clients: [] });
  drain(server.publish(template(101, TRANSACTIONS, { nbits: REGTEST_NBITS }), NOW));
  const client = new TemplateClient();
  client.constraints(SMALL);
  for (const message of messagesOf(server.setConstraints(1, SMALL, NOW))) client.receive(message);
  const [ahead] = client.futureTemplates;
  if (client.current === undefined || ahead === undefined) throw new Error('no work');
  return { server, ahead, ...client.current };
}

describe('SubmitSolution (§7.7)', () => {
  test('becomes the whole block: header, the client’s coinbase, the template’s transactions', () => {
    const { server, template: work, tip } = working();
    const solution = mine(work, tip);
    const outcome = server.solve(solution);
    if (outcome.kind !== 'block') throw new Error(outcome.code);
    expect(outcome).toMatchObject({ templateId: work.templateId, height: 101, stale: false });
    const header = outcome.block?.subarray(0, 80) ?? new Uint8Array(0);
    expect(outcome.header).toEqual(header);
    expect(hashHeader(header)).toEqual(outcome.hash);
    expect(decodeHeader(header)).toMatchObject({
      version: solution.version,
      prevHash: tip.prevHash,
      ntime: solution.headerTimestamp,
      nbits: tip.nbits,
      nonce: solution.headerNonce,
    });
    const body = [Uint8Array.of(4), solution.coinbaseTx, ...TRANSACTIONS.map(({ data }) => data)];
    expect(Buffer.from(outcome.block?.subarray(80) ?? [])).toEqual(Buffer.concat(body));
  });

  test.each([
    { name: 'before the tip’s timestamp', offset: -1_000_000 },
    { name: 'far in the future', offset: 1_000_000 },
  ])('is not withheld for a time $name', ({ offset }) => {
    const { server, template: work, tip } = working();
    const solution = mine(work, tip, { headerTimestamp: tip.headerTimestamp + offset });
    expect(server.solve(solution)).toMatchObject({ kind: 'block' });
  });

  test('is not withheld because its tip is old, for one tip and for the grace', () => {
    const { server, template: work, tip } = working();
    const solution = mine(work, tip);
    drain(server.publish(template(102), NOW + 1000));
    expect(server.solve(solution)).toMatchObject({ kind: 'block', stale: true });
    drain(server.tick(NOW + 3_600_000));
    expect(server.solve(solution)).toMatchObject({ kind: 'block', stale: true });
    drain(server.publish(template(103), NOW + 3_600_000));
    expect(server.solve(solution)).toMatchObject({ kind: 'refused', code: 'template-id-not-found' });
  });

  test('is not withheld because its client left', () => {
    const { server, template: work, tip } = working();
    server.remove(1);
    expect(server.solve(mine(work, tip))).toMatchObject({ kind: 'block' });
  });

  test('of an empty template is a block once its tip is announced, and none before (§7.3)', () => {
    const { server, ahead, tip: old } = working();
    const guess = mine(ahead, old);
    expect(server.solve(guess)).toEqual({
      kind: 'refused',
      templateId: ahead.templateId,
      code: 'template-not-activated',
    });
    const [message] = messagesOf(server.announceTip(tip(101, { nbits: REGTEST_NBITS }), NOW));
    if (message?.type !== 'SetNewPrevHash') throw new Error('no tip');
    const outcome = server.solve(mine(ahead, message));
    expect(outcome).toMatchObject({ kind: 'block', height: 102 });
  });

  test('whose coinbase was stripped of its witness gets it back (§3.7.3)', () => {
    const { server, template: work, tip } = working();
    const outcome = server.solve(mine(work, tip, { segwit: false }));
    if (outcome.kind !== 'block') throw new Error(outcome.code);
    const full = coinbaseOf(work);
    expect(outcome.block?.subarray(81, 81 + full.length)).toEqual(full);
    expect(parseTransaction(full).segwit).toBe(true);
  });

  test('that misses the target of nbits is no block anywhere', () => {
    const { server, template: work, tip } = working();
    const solution = mine(work, tip, { miss: true });
    expect(server.solve(solution)).toMatchObject({ kind: 'refused', code: 'insufficient-work' });
  });

  test.each([
    { name: 'no bytes', bytes: new Uint8Array(0) },
    { name: 'garbage', bytes: new Uint8Array(100).fill(0xab) },
  ])('with $name for a coinbase is refused', ({ bytes }) => {
    const { server, template: work, tip } = working();
    const solution = { ...mine(work, tip), coinbaseTx: bytes };
    expect(server.solve(solution)).toMatchObject({ kind: 'refused', code: 'malformed-coinbase' });
  });

  test('for a template that was never given out is refused', () => {
    const { server, template: work, tip } = working();
    const solution = { ...mine(work, tip), templateId: 99n };
    expect(server.solve(solution)).toMatchObject({ kind: 'refused', code: 'template-id-not-found' });
  });
});
