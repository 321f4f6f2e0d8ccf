import { findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import { describe } from 'vitest';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { jobCheckerSuite } from './job-checker-suite.ts';

const binary = await findIpcNode();
if (binary === undefined) console.log(`skipped: ${NO_IPC_NODE}`);

const AWAY = /the node at .* went away|nobody listens at|there is no socket/;

describe.skipIf(binary === undefined)('over IPC alone', () => {
  jobCheckerSuite({
    ...(binary === undefined ? {} : { binary }),
    options: ({ ipcSocket: ipc }) => ({ ipc }),
    polls: false,
    async tellsMined({ ipcSocket: path = '' }) {
      const client = await MiningClient.connect({ path, clock: systemClock });
      await client.close();
      return client.offers('rpc');
    },
    away: AWAY,
  });
});

describe.skipIf(binary === undefined)('over IPC with RPC beside it', () => {
  jobCheckerSuite({
    ...(binary === undefined ? {} : { binary }),
    options: ({ ipcSocket: ipc, rpcUrl: url, cookieFile }) => ({ ipc, url, cookieFile }),
    polls: false,
    tellsMined: async () => true,
    away: AWAY,
  });
});
