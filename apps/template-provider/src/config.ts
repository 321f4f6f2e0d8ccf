import {
  address,
  addressRanges,
  type ConfigOf,
  chainGuardSection,
  checkNodes,
  choice,
  config,
  identitySection,
  integer,
  nodeFields,
  number,
  path,
  reloadable,
  section,
  sections,
} from '@sv2kit/daemon';
import { DEFAULT_LIMITS } from '@sv2kit/net';
import type { AllowancesOptions } from './allowance.ts';

const count = (sample: number, help: string) => integer(sample, help, { min: 1, max: 1_000_000 });

/** `[limits]` */
const limitsSection = section(
  'What clients may cost. One that asks more is disconnected. Limits per address are for all clients of one IPv4 ' +
    'address or IPv6 /64 together.',
  {
    connections: reloadable(integer(1024, 'Connections at once.', { min: 1, max: 65_000 })),
    connectionsPerAddress: reloadable(count(64, 'Of these from one address.')),
    constraintsPerMinute: count(30, 'CoinbaseOutputConstraints of one client a minute.'),
    constraintsPerMinutePerAddress: count(240, 'And of one address.'),
    transactionDataPerMinute: count(60, 'RequestTransactionData of one client a minute.'),
    transactionDataPerMinutePerAddress: count(480, 'And of one address.'),
    refusedSolutionsPerMinute: count(20, 'Solutions of one client a minute that are no blocks.'),
    refusedSolutionsPerMinutePerAddress: count(80, 'And of one address.'),
    outstandingTemplates: count(
      1000,
      'Templates of one tip that a client may hold; then it gets none until the next tip.',
    ),
    outstandingTemplatesPerAddress: count(20_000, 'And the clients of one address together.'),
    exempt: addressRanges(DEFAULT_LIMITS.exempt, 'Addresses and subnets without limits per address.'),
  },
);

/** Everything an operator can set. */
export const templateProviderConfig = config(
  {
    listen: address('127.0.0.1:8442', 'Where pools and job declarator clients connect.'),
    allow: reloadable(
      addressRanges(
        [],
        'Addresses and subnets that may connect, say 10.0.0.0/8; everybody when empty. Clients prove no identity in the ' +
          'handshake (Noise NX), so that their address is all to know them by.',
      ),
    ),
    proxyProtocol: addressRanges(
      [],
      'Addresses and subnets of load balancers: each of their connections has to begin with a PROXY protocol v2 header.',
    ),
    chain: choice(
      ['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'],
      'mainnet',
      'The chain; a node on another one is not used.',
    ),
    dataDir: path('template-provider-data', 'Solved blocks are kept in here, under solved-blocks.'),
    identity: identitySection,
    nodes: sections(
      'Bitcoin nodes, the preferred one first: its templates are used while it is there. Solved blocks go to all.',
      nodeFields('templates pushed, no polling'),
      { atLeast: 1 },
    ),
    chainGuard: chainGuardSection,
    templates: section('What clients get, and how often.', {
      feeThreshold: integer(1000, 'Satoshis by which fees must rise for a new template on the same tip.', { min: 0 }),
      feeInterval: number(5, 'Seconds, at least, between two templates on the same tip. A new tip never waits.', {
        min: 0,
      }),
      emptyAhead: choice(
        ['named', 'always', 'never'],
        'named',
        'Send an empty template for the next height ahead of its tip, for a faster start. named: to clients that give ' +
          'a vendor in SetupConnection, as the protocol demands; those that do not may take it for the current tip.',
      ),
      nodeAwayLimit: integer(180, 'Seconds without any node, after which clients are sent away.', { min: 1 }),
    }),
    limits: limitsSection,
  },
  { check: ({ nodes }) => checkNodes(nodes) },
);
export type TemplateProviderConfig = ConfigOf<typeof templateProviderConfig>;

/** What one client may ask, and all of one address. */
export function allowancesOf(limits: TemplateProviderConfig['limits']): AllowancesOptions {
  return {
    perClient: limits,
    perAddress: {
      constraintsPerMinute: limits.constraintsPerMinutePerAddress,
      transactionDataPerMinute: limits.transactionDataPerMinutePerAddress,
      refusedSolutionsPerMinute: limits.refusedSolutionsPerMinutePerAddress,
      outstandingTemplates: limits.outstandingTemplatesPerAddress,
    },
    exempt: limits.exempt,
  };
}
