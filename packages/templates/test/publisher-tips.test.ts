import { type ChainRules, chainRules } from '../src/index.ts';
import { describe, expect, test } from 'vitest';
import {
  brief,
  drain,
  hashOf,
  messagesOf,
  NOW,
  publisher,
  serving,
  SMALL,
  template,
  tip,
  transaction,
} from './builders.ts';

const filled = (height: number) => template(height, [transaction({ name: height, fee: 5000n })]);

describe('a new tip (§7.3)', () => {
  test('announced ahead of its template, costs each client one small message; the full template follows', () => {
    const server = serving(800_000, { clients: [1, 2] });
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual(['announced-tip>1,2: @101']);
    expect(brief(server.publish(filled(800_001), NOW + 50))).toEqual(['full>1,2: =102', 'ahead>1,2: +103']);
    expect(brief(server.announceTip(tip(800_001), NOW + 60))).toEqual(['announced-tip>1,2: @103']);
  });

  test('is sent without waiting for the interval of fee updates', () => {
    const server = serving(800_000);
    drain(server.publish(template(800_000, [transaction({ name: 'late', fee: 9000n })]), NOW + 10_000));
    expect(brief(server.announceTip(tip(800_000), NOW + 10_001))).toEqual(['announced-tip>1: @101']);
    expect(brief(server.publish(filled(800_001), NOW + 10_002))).toEqual(['full>1: =103', 'ahead>1: +104']);
  });

  test('announced: the empty block has the new tip’s hash and difficulty, and a time above its median', () => {
    const server = serving(800_000);
    const news = tip(800_000, { medianTime: NOW / 1000 + 7 });
    expect(messagesOf(server.announceTip(news, NOW + 5000))).toEqual([
      {
        type: 'SetNewPrevHash',
        templateId: 101n,
        prevHash: hashOf(800_000),
        headerTimestamp: NOW / 1000 + 8,
        nbits: news.nbits,
        target: template(800_001).target,
      },
    ]);
  });

  test('that nobody announced comes as a full future template and its SetNewPrevHash', () => {
    const server = serving(800_000);
    expect(brief(server.publish(filled(800_001), NOW))).toEqual(['tip>1: +102 @102', 'ahead>1: +103']);
  });

  test('announced after its template is no news', () => {
    const server = serving(800_000);
    drain(server.publish(filled(800_001), NOW));
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual([]);
  });

  test('whose mempool is empty needs no second empty template', () => {
    const server = serving(800_000);
    drain(server.announceTip(tip(800_000), NOW));
    expect(brief(server.publish(template(800_001), NOW))).toEqual(['ahead>1: +102']);
    expect(brief(server.publish(template(800_001, [transaction({ name: 1, fee: 999n })]), NOW + 9000))).toEqual([]);
  });

  test('two in a row before any template: the second comes with its own empty template', () => {
    const server = serving(800_000);
    drain(server.announceTip(tip(800_000), NOW));
    expect(brief(server.announceTip(tip(800_001), NOW + 1))).toEqual(['announced-tip>1: +102 @102']);
    expect(brief(server.publish(filled(800_001), NOW + 2))).toEqual([]); // outrun
    expect(brief(server.publish(filled(800_002), NOW + 3))).toEqual(['full>1: =103', 'ahead>1: +104']);
  });

  test('a client that joins between announcement and template starts on the empty one too', () => {
    const server = serving(800_000);
    drain(server.announceTip(tip(800_000), NOW));
    expect(brief(server.setConstraints(2, SMALL, NOW))).toEqual(['constraints>2: +102 @102']);
    expect(brief(server.publish(filled(800_001), NOW))).toEqual(['full>1,2: =103', 'ahead>1,2: +104']);
  });

  test('each client is told the id of the empty template that it holds itself', () => {
    const server = serving(800_000, { clients: [1, 2] });
    drain(server.setConstraints(2, SMALL, NOW));
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual(['announced-tip>1: @101', 'announced-tip>2: @103']);
  });

  test('a full template of another difficulty than announced is a new pair', () => {
    const server = serving(800_000);
    drain(server.announceTip(tip(800_000), NOW));
    const node = { ...filled(800_001), nbits: 0x1c00ffff };
    expect(brief(server.publish(node, NOW))).toEqual(['nbits>1: +102 @102', 'ahead>1: +103']);
  });

  test('a slow reader is told of it as soon as all others', () => {
    const server = serving(800_000);
    server.pause(1);
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual(['announced-tip>1: @101']);
    expect(brief(server.publish(filled(800_001), NOW))).toEqual(['ahead>1: +102']);
    expect(brief(server.resume(1, NOW))).toEqual(['full>1: =103']);
  });
});

describe('reorganisations (§7.3)', () => {
  test.each([
    { name: 'another parent', news: tip(800_000, { previousHash: hashOf('other') }) },
    { name: 'a sibling of the current tip', news: tip(799_999, { hash: hashOf('sibling') }) },
    { name: 'a height that does not follow', news: tip(800_000, { height: 800_002 }) },
  ])('an announced tip with $name waits for the node’s template', ({ news }) => {
    const server = serving(800_000);
    expect(brief(server.announceTip(news, NOW))).toEqual([]);
    const node = { ...filled(news.height + 1), prevHash: news.hash };
    expect(brief(server.publish(node, NOW))).toEqual(['tip>1: +102 @102', 'ahead>1: +103']);
  });

  test('a template on the tip before is late, unless it still stands after a while', () => {
    const server = serving(800_000);
    drain(server.announceTip(tip(800_000), NOW));
    const back = template(800_000, [transaction({ name: 'back' })]);
    expect(brief(server.publish(back, NOW + 10))).toEqual([]);
    expect(brief(server.tick(NOW + 9_999))).toEqual([]);
    expect(brief(server.tick(NOW + 10_000))).toEqual(['tip>1: +102 @102', 'ahead>1: +103']);
    expect(server.view()).toMatchObject({ phase: 'serving', height: 800_000, prevHash: hashOf(799_999) });
  });

  test('a late template is forgotten when the announced tip’s own arrives', () => {
    const server = serving(800_000);
    drain(server.announceTip(tip(800_000), NOW));
    drain(server.publish(filled(800_000), NOW + 10));
    drain(server.publish(filled(800_001), NOW + 20));
    expect(brief(server.tick(NOW + 60_000))).toEqual([]);
    expect(server.view().height).toBe(800_001);
  });
});

describe('blocks that cannot be prepared (§7.2)', () => {
  const announced = (height: number, rules: ChainRules) => {
    const server = serving(height, { publisher: { rules } });
    return brief(server.announceTip(tip(height), NOW));
  };

  test.each([
    { name: 'mainnet', height: 806_397, ahead: true },
    { name: 'mainnet, whose next block but one has a new difficulty', height: 806_399, ahead: false },
    { name: 'mainnet, whose next block has a new difficulty', height: 806_400, ahead: true },
    { name: 'signet, whose next block but one has a new difficulty', height: 2015, ahead: false },
    { name: 'testnet, with its 20-minute rule', height: 800_000, ahead: false },
    { name: 'testnet4, with its 20-minute rule', height: 800_000, ahead: false },
    { name: 'regtest, which keeps its difficulty', height: 2015, ahead: true },
  ])('at height $height on $name: prepared is $ahead', ({ name, height, ahead }) => {
    const network = name.split(',')[0] as 'mainnet' | 'testnet' | 'testnet4' | 'signet' | 'regtest';
    expect(announced(height, chainRules(network))).toEqual(ahead ? ['announced-tip>1: @101'] : []);
  });

  test.each([
    { network: 'mainnet' as const, height: 839_998, subsidy: 6_2500_0000n, next: 6_2500_0000n },
    { network: 'mainnet' as const, height: 839_999, subsidy: 6_2500_0000n, next: 3_1250_0000n },
    { network: 'regtest' as const, height: 149, subsidy: 50_0000_0000n, next: 25_0000_0000n },
    { network: 'regtest' as const, height: 150, subsidy: 25_0000_0000n, next: 25_0000_0000n },
  ])('the empty block after $height on $network pays $next satoshis', ({ network, height, subsidy, next }) => {
    const server = publisher({ rules: chainRules(network) });
    drain(server.publish(template(height, [transaction({ name: 1, fee: 77n })], { subsidy }), NOW));
    expect(messagesOf(server.setConstraints(1, SMALL, NOW))[2]).toMatchObject({ coinbaseTxValueRemaining: next });
  });

  test('none is sent, and no tip announced, where the operator switched that off', () => {
    const server = serving(800_000, { clients: [], publisher: { emptyAhead: false } });
    expect(brief(server.setConstraints(1, SMALL, NOW))).toEqual(['constraints>1: +100 @100']);
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual([]);
    expect(brief(server.publish(filled(800_001), NOW))).toEqual(['tip>1: +101 @101']);
  });
});

test('work of a node that is away is withdrawn: nothing for anybody until its next template', () => {
  const server = serving(800_000);
  server.withdraw(NOW);
  expect(server.view()).toMatchObject({ phase: 'waiting', height: undefined });
  expect(brief(server.setConstraints(1, SMALL, NOW))).toEqual([]);
  expect(brief(server.announceTip(tip(800_000), NOW))).toEqual([]);
  expect(brief(server.tick(NOW))).toEqual([]);
  expect(brief(server.publish(template(800_000), NOW))).toEqual(['tip>1: +102 @102', 'ahead>1: +103']);
});

describe('a client that takes no empty templates', () => {
  /** Clients 1 and 2, of whom only the first takes empty templates. */
  function mixed() {
    const server = serving(800_000, { clients: [1] });
    expect(brief(server.setConstraints(2, SMALL, NOW, false))).toEqual(['constraints>2: +100 @100']);
    return server;
  }

  test('is not told of a tip before its full template is there', () => {
    const server = mixed();
    expect(brief(server.announceTip(tip(800_000), NOW))).toEqual(['announced-tip>1: @101']);
    expect(brief(server.publish(filled(800_001), NOW + 50))).toEqual([
      'tip>2: +102 @102',
      'full>1: =102',
      'ahead>1: +103',
    ]);
  });

  test('gets no empty template ahead, whoever announced the tip', () => {
    const server = mixed();
    expect(brief(server.publish(filled(800_001), NOW))).toEqual(['tip>1,2: +102 @102', 'ahead>1: +103']);
    expect(brief(server.publish(template(800_001, [transaction({ name: 1, fee: 9000n })]), NOW + 9000))).toEqual([
      'fees>1,2: =104',
    ]);
  });

  test('that connects between a tip and its template waits for the template', () => {
    const server = serving(800_000);
    drain(server.announceTip(tip(800_000), NOW));
    expect(brief(server.setConstraints(2, SMALL, NOW, false))).toEqual([]);
    expect(brief(server.publish(filled(800_001), NOW + 50))).toEqual([
      'constraints>2: +102 @102',
      'full>1: =102',
      'ahead>1: +103',
    ]);
  });

  test('gets its pair of the tip when that turned out to have an empty mempool', () => {
    const server = mixed();
    drain(server.announceTip(tip(800_000), NOW));
    expect(brief(server.publish(template(800_001), NOW + 50))).toEqual(['tip>2: +102 @102', 'ahead>1: +103']);
  });
});
