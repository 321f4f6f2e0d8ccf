import type { TxOut } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { ALICE, BOB, CAROL, p2wpkh, REGTEST_DIFFICULTY, Story, toPool } from './story.ts';

const IDENTITIES = [
  ALICE,
  `${BOB}.rig`,
  'bob',
  `sri/donate/7/${CAROL}/rig`,
  'sri/donate',
  '',
  'sri/broken',
  'a\u0000b',
];

const chapter = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('shares' as const), who: fc.nat(), count: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), who: fc.nat(IDENTITIES.length - 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('later' as const), ms: fc.integer({ min: -90_000, max: 2e6 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('split' as const), mostOutputs: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      who: fc.nat(),
      pays: fc.constantFrom('split', 'split', 'pool', 'finder', 'declared'),
      value: fc.bigInt(0n, 1_000_000n),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      block: fc.nat(),
      status: fc.constantFrom('submitted', 'accepted', 'confirmed', 'orphaned', 'rejected', 'matured'),
      depth: fc.integer({ min: 0, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('terms' as const),
      mode: fc.constantFrom('pool', 'solo', 'pplns', 'pplns', 'pplns'),
      feePpm: fc.integer({ min: 0, max: 1_000_000 }),
      window: fc.double({ min: 0.5, max: 20, noNaN: true }),
      confirmations: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);
type Chapter = typeof chapter extends fc.Arbitrary<infer T> ? T : never;

/** The life of a pool: miners come and go, coinbases pay by ever new splits, blocks are found and lost, modes change. */
export const anyStory: fc.Arbitrary<Story> = fc.array(chapter, { minLength: 5, maxLength: 60 }).map((chapters) => {
  const story = new Story();
  const told = { channels: [] as { key: number; identity: string }[], blocks: [] as string[] };
  story.pay({ mode: 'pplns' });
  open(story, told, 0);
  open(story, told, 1);
  for (const each of chapters) tell(story, told, each);
  return story;
});

interface Told {
  channels: { readonly key: number; readonly identity: string }[];
  readonly blocks: string[];
}

function tell(story: Story, told: Told, event: Chapter): void {
  const channel = 'who' in event ? told.channels[event.who % told.channels.length] : undefined;
  switch (event.kind) {
    case 'shares':
      for (let i = 0; i < event.count; i++) story.share(channel?.key ?? 99, REGTEST_DIFFICULTY * (1 + i / 3));
      return;
    case 'open':
      return open(story, told, event.who);
    case 'later':
      story.timeMs += event.ms;
      return;
    case 'split':
      if (story.terms.mode === 'pplns') story.renewSplit({ mostOutputs: event.mostOutputs });
      return;
    case 'block': {
      const outputs = outputsOf(story, channel?.identity ?? '', event.pays, event.value);
      const path = event.pays === 'declared' ? 'declared-full-template' : 'pool-template';
      told.blocks.push(story.block(channel?.key ?? 99, outputs, { path, identity: channel?.identity ?? '' }));
      return;
    }
    case 'status': {
      const block = told.blocks[event.block % Math.max(1, told.blocks.length)];
      if (block !== undefined)
        story.status(block, event.status, event.depth === 0 ? '' : `${event.depth} confirmations`);
      return;
    }
    case 'terms':
      return story.pay(event);
    case 'restart':
      story.start();
      story.pay(story.terms);
      told.channels = [];
      open(story, told, 0);
      open(story, told, 2);
  }
}

function open(story: Story, told: Told, who: number): void {
  const identity = IDENTITIES[who] ?? '';
  told.channels.push({ key: story.open(identity), identity });
}

function outputsOf(story: Story, identity: string, pays: string, value: bigint): readonly TxOut[] {
  switch (pays) {
    case 'split':
      return story.split?.of(value).outputs ?? toPool(value);
    case 'finder': {
      if (story.terms.mode !== 'solo') return toPool(value);
      const weights = [{ account: identity.split('.')[0] ?? '', donation: 0, work: 1n }];
      return story.splitOf(weights, { leastOutput: 0n, mostOutputs: 2 }).of(value).outputs;
    }
    case 'declared':
      return [...toPool(value), { value: value / 2n, script: p2wpkh(9) }];
    default:
      return toPool(value);
  }
}
