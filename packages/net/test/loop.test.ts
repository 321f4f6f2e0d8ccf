import type { SubmitSharesStandard } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { stage, until } from './peers.ts';

const share = (nonce = 4): SubmitSharesStandard => ({
  type: 'SubmitSharesStandard',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce,
  ntime: 5,
  version: 6,
});

describe('the socket loop', () => {
  for (const secure of [false, true]) {
    test(`carries messages both ways, ${secure ? 'sealed (§4)' : 'plain'}`, async () => {
      await using scene = await stage({ secure });
      const client = await scene.client();
      await until(() => scene.servers.length === 1);
      client.connection.send(share());
      await until(() => scene.servers[0]?.messages.length === 1);
      expect(scene.servers[0]?.messages).toEqual([share()]);
      scene.servers[0]?.connection.send({ type: 'CloseChannel', channelId: 1, reasonCode: 'bye' });
      await until(() => client.messages.length === 1);
      expect(client.messages).toEqual([{ type: 'CloseChannel', channelId: 1, reasonCode: 'bye' }]);
      expect(scene.counts.counts).toMatchObject({ accepted: 1, connections: 1 });
    });
  }
});
