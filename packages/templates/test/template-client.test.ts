import type { NewTemplate, TemplateSetNewPrevHash, TemplatesFromServer } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { TemplateClient, type TemplateEvent } from '../src/index.ts';
import { hashOf, SMALL } from './builders.ts';

function newTemplate(templateId: bigint, futureTemplate: boolean): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId,
    futureTemplate,
    version: 0x20000000,
    coinbaseTxVersion: 2,
    coinbasePrefix: Uint8Array.of(3, 1, 2, 3),
    coinbaseTxInputSequence: 0xfffffffe,
    coinbaseTxValueRemaining: 50_0000_0000n,
    coinbaseTxOutputsCount: 0,
    coinbaseTxOutputs: new Uint8Array(0),
    coinbaseTxLocktime: 1,
    merklePath: [hashOf('path')],
  };
}

function newTip(templateId: bigint, label = 'tip'): TemplateSetNewPrevHash {
  const target = hashOf('target');
  return { type: 'SetNewPrevHash', templateId, prevHash: hashOf(label), headerTimestamp: 5, nbits: 6, target };
}

const future = (id: bigint) => newTemplate(id, true);
const update = (id: bigint) => newTemplate(id, false);

/** An event in short: its kind, and the ids of its template and tip. */
function brief(event: TemplateEvent): string {
  switch (event.kind) {
    case 'future-template':
      return `${event.kind} ${event.template.templateId}`;
    case 'activated':
    case 'update':
      return `${event.kind} ${event.template.templateId} on ${event.tip.templateId}`;
    case 'tip-without-template':
      return `${event.kind} ${event.tip.templateId}`;
    case 'transaction-data':
      return `${event.kind} ${event.templateId} x${event.transactions.length}`;
    case 'transaction-data-refused':
      return `${event.kind} ${event.templateId} ${event.errorCode}`;
    case 'ignored':
      return `${event.kind} ${event.reason}`;
    default:
      return event satisfies never;
  }
}

type Phase = 'silent' | 'listening' | 'idle' | 'working';

/** A client in a phase: on tip 1 where it has one, with template 1 where it works, and future template 7. */
function client(phase: Phase): TemplateClient {
  const made = new TemplateClient();
  if (phase === 'silent') return made;
  made.constraints(SMALL);
  if (phase === 'working') made.receive(future(1n));
  if (phase !== 'listening') made.receive(newTip(1n));
  made.receive(future(7n));
  return made;
}

const data: TemplatesFromServer = {
  type: 'RequestTransactionDataSuccess',
  templateId: 1n,
  excessData: new Uint8Array(0),
  transactionList: [Uint8Array.of(1)],
};
const refusal: TemplatesFromServer = {
  type: 'RequestTransactionDataError',
  templateId: 1n,
  errorCode: 'stale-template-id',
};
const reconnect: TemplatesFromServer = { type: 'Reconnect', newHost: '', newPort: 0 };

const TABLE: readonly [name: string, message: TemplatesFromServer, expected: Record<Phase, string>][] = [
  [
    'a future template',
    future(9n),
    {
      silent: 'ignored before-constraints',
      listening: 'future-template 9',
      idle: 'future-template 9',
      working: 'future-template 9',
    },
  ],
  [
    'a future template that its tip has overtaken',
    future(1n),
    {
      silent: 'ignored before-constraints',
      listening: 'future-template 1',
      idle: 'activated 1 on 1',
      working: 'future-template 1',
    },
  ],
  [
    'a template for immediate use',
    update(9n),
    {
      silent: 'ignored before-constraints',
      listening: 'ignored no-tip',
      idle: 'activated 9 on 1',
      working: 'update 9 on 1',
    },
  ],
  [
    'a tip that names a future template',
    newTip(7n, 'next'),
    {
      silent: 'ignored before-constraints',
      listening: 'activated 7 on 7',
      idle: 'activated 7 on 7',
      working: 'activated 7 on 7',
    },
  ],
  [
    'a tip that names an unknown template',
    newTip(8n, 'next'),
    {
      silent: 'ignored before-constraints',
      listening: 'tip-without-template 8',
      idle: 'tip-without-template 8',
      working: 'tip-without-template 8',
    },
  ],
  [
    'the same tip again',
    newTip(1n),
    {
      silent: 'ignored before-constraints',
      listening: 'tip-without-template 1',
      idle: 'tip-without-template 1',
      working: 'activated 1 on 1',
    },
  ],
  [
    'another tip for the template in use',
    newTip(1n, 'next'),
    {
      silent: 'ignored before-constraints',
      listening: 'tip-without-template 1',
      idle: 'tip-without-template 1',
      working: 'tip-without-template 1',
    },
  ],
  ...([data, refusal] as const).map((message): (typeof TABLE)[number] => {
    const reason = 'ignored not-requested';
    return ['an answer to no question', message, { silent: reason, listening: reason, idle: reason, working: reason }];
  }),
  [
    'a message of the connection',
    reconnect,
    {
      silent: 'ignored not-about-templates',
      listening: 'ignored not-about-templates',
      idle: 'ignored not-about-templates',
      working: 'ignored not-about-templates',
    },
  ],
];

describe('every message in every phase (§7)', () => {
  const rows = TABLE.flatMap(([name, message, expected]) =>
    (Object.keys(expected) as Phase[]).map((phase) => ({ name, phase, message, outcome: expected[phase] })),
  );
  test.each(rows)('$name, while $phase: $outcome', ({ phase, message, outcome }) => {
    expect(brief(client(phase).receive(message))).toBe(outcome);
  });
});

describe('template client (§7)', () => {
  test('current work follows the events', () => {
    const made = client('working');
    expect(made.current).toMatchObject({ template: { templateId: 1n }, tip: { templateId: 1n } });
    made.receive(update(8n));
    expect(made.current).toMatchObject({ template: { templateId: 8n }, tip: { templateId: 1n } });
    made.receive(newTip(99n, 'next'));
    expect(made.current).toBeUndefined();
  });

  test('a tip discards the future templates that it did not name (§7.3)', () => {
    const made = client('working');
    made.receive(future(8n));
    made.receive(newTip(8n, 'next'));
    expect(made.futureTemplates).toEqual([]);
    expect(brief(made.receive(newTip(7n, 'third')))).toBe('tip-without-template 7');
  });

  test('future templates are bounded: the oldest goes', () => {
    const made = client('working');
    for (let id = 100n; id < 200n; id++) made.receive(future(id));
    expect(made.futureTemplates.map(({ templateId }) => templateId)).toEqual(
      Array.from({ length: 16 }, (_, i) => 184n + BigInt(i)),
    );
  });

  test('templates and tips outlive the payload they came in', () => {
    const made = client('working');
    const payload = (bytes: Uint8Array) => Buffer.from(bytes); // whose slice() is no copy
    const [template, tip] = [
      {
        ...future(50n),
        coinbasePrefix: payload(Uint8Array.of(3, 1, 2, 3)),
        coinbaseTxOutputs: payload(Uint8Array.of(9)),
        merklePath: [payload(hashOf('path'))],
      },
      { ...newTip(50n, 'next'), prevHash: payload(hashOf('next')), target: payload(hashOf('target')) },
    ];
    made.receive(template);
    made.receive(tip);
    const { coinbasePrefix, coinbaseTxOutputs, merklePath } = template;
    for (const bytes of [coinbasePrefix, coinbaseTxOutputs, ...merklePath, tip.prevHash, tip.target]) bytes.fill(0);
    expect(made.current?.template).toMatchObject({
      coinbasePrefix: Uint8Array.of(3, 1, 2, 3),
      coinbaseTxOutputs: Uint8Array.of(9),
      merklePath: [hashOf('path')],
    });
    expect(made.current?.tip).toMatchObject({ prevHash: hashOf('next'), target: hashOf('target') });
  });

  test('transaction data is handed on once for each request (§7.5)', () => {
    const made = client('working');
    expect(made.requestTransactionData(1n)).toEqual({ type: 'RequestTransactionData', templateId: 1n });
    expect([data, data, refusal].map((message) => brief(made.receive(message)))).toEqual([
      'transaction-data 1 x1',
      'ignored not-requested',
      'ignored not-requested',
    ]);
    made.requestTransactionData(1n);
    expect(brief(made.receive(refusal))).toBe('transaction-data-refused 1 stale-template-id');
  });

  test('requests without an answer are bounded: the oldest is forgotten', () => {
    const made = client('working');
    for (let id = 1n; id <= 17n; id++) made.requestTransactionData(id);
    expect(brief(made.receive(data))).toBe('ignored not-requested');
    expect(brief(made.receive({ ...data, templateId: 2n }))).toBe('transaction-data 2 x1');
  });

  test('a coinbase prefix of more than 8 bytes ends the connection (§7.2)', () => {
    const message = { ...future(9n), coinbasePrefix: new Uint8Array(9) };
    expect(() => client('working').receive(message)).toThrow('coinbase-prefix-too-long');
  });

  test('re-sent constraints keep the work at hand', () => {
    const made = client('working');
    expect(made.constraints(SMALL)).toEqual({ type: 'CoinbaseOutputConstraints', ...SMALL });
    expect(made.current).toBeDefined();
  });
});
