import {
  address,
  type ConfigOf,
  chainGuardSection,
  checkCoinbase,
  choice,
  coinbaseFields,
  config,
  optional,
  path,
  secret,
  section,
  socketPath,
  text,
  url,
} from '@sv2kit/daemon';
import { MAX_TAG_SIZE } from '@sv2kit/mining-server';
import { addressOrNone } from '../compose/address-or-none.ts';

/** Everything that somebody who mines alone can set. */
export const soloConfig = config(
  {
    listen: address(
      '0.0.0.0:34265',
      'Where miners connect over Stratum V2; encrypted. 127.0.0.1 is for those on this machine alone.',
    ),
    listenV1: addressOrNone('0.0.0.0:34255', 'Where miners that speak Stratum V1 connect; not encrypted.'),
    chain: choice(['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'], 'mainnet', 'The chain to mine on.'),
    dataDir: path('solo-data', 'The key that miners know this machine by, the journal of shares and blocks.'),
    coinbase: section('Where blocks pay, in full: either an address or a descriptor.', {
      ...coinbaseFields,
      tag: text('/sv2kit/', `Text that marks the blocks, at most ${MAX_TAG_SIZE} bytes.`, { maxBytes: MAX_TAG_SIZE }),
    }),
    node: section('The Bitcoin node whose templates are mined, and that gets the blocks. IPC or RPC is enough.', {
      ipc: optional(
        socketPath(
          '/var/lib/bitcoind/node.sock',
          'Its IPC socket (bitcoin -m node -ipcbind=unix); by default where Bitcoin Core keeps it, if it is there.',
        ),
      ),
      url: optional(url('http://127.0.0.1:8332', "Its RPC; by default on this machine at the chain's port.", ['http'])),
      cookieFile: optional(path('/var/lib/bitcoind/.cookie', 'Its cookie; by default where Bitcoin Core keeps it.')),
      user: optional(text('solo', 'RPC user, instead of a cookie.')),
      password: optional(secret('file:rpc-password', 'RPC password.')),
    }),
    chainGuard: chainGuardSection,
  },
  {
    check: ({ coinbase, chain, node }) => [
      ...checkCoinbase(coinbase, chain),
      ...((node.user === undefined) !== (node.password === undefined)
        ? [{ key: 'node', wrong: 'has a user or a password, and not both' }]
        : []),
      ...(node.user !== undefined && node.cookieFile !== undefined
        ? [{ key: 'node', wrong: 'has both a cookie_file and a user: remove one' }]
        : []),
    ],
  },
);
export type SoloConfig = ConfigOf<typeof soloConfig>;
