import { encodeFrame, mining, SubmitSharesStandard } from '@sv2kit/codec';
import { ClientSession, type Security, ServerSession } from '../src/index.ts';

const share: SubmitSharesStandard = {
  type: 'SubmitSharesStandard',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 4,
  ntime: 5,
  version: 6,
};
const shareFrame = encodeFrame(SubmitSharesStandard, share);
const success = {
  type: 'SubmitSharesSuccess',
  channelId: 1,
  lastSequenceNumber: 2,
  newSubmitsAcceptedCount: 1,
} as const;
const up = new Uint8Array(32).fill(1);
const down = new Uint8Array(32).fill(2);

/** A client and a server that are set up; a sealed pair gets its keys without a handshake. */
function pair(security: Security): { client: ClientSession<typeof mining>; server: ServerSession<typeof mining> } {
  const texts = { endpointHost: '', vendor: '', hardwareVersion: '', firmware: '', deviceId: '' };
  const setup = { minVersion: 2, maxVersion: 2, flags: 0, endpointPort: 0, ...texts };
  const act1 = security === 'plain' ? undefined : new Uint8Array(64);
  const client = new ClientSession({ protocol: mining, setup, act1 });
  const server = new ServerSession<typeof mining>({ security, offers: [{ protocol: mining, flags: 0 }] });
  if (act1 !== undefined) {
    for (const _ of server.receive(client.drain() ?? act1));
    server.completeHandshake({ keys: { sendKey: down, receiveKey: up } });
    for (const _ of client.receive(new Uint8Array(234)));
    client.completeHandshake({ keys: { sendKey: up, receiveKey: down } });
  }
  for (const event of server.receive(client.drain() as Uint8Array)) if (event.type === 'setup') server.accept(0);
  for (const _ of client.receive(server.drain() as Uint8Array));
  return { client, server };
}

/** A share there and its answer back, in one chunk each. */
function exchange(security: Security, isWatched = false): () => void {
  const { client, server } = pair(security);
  if (isWatched) for (const side of [client, server]) side.tap(() => {});
  return () => {
    client.sendFrame(shareFrame);
    for (const event of server.receive(client.drain() as Uint8Array)) {
      if (event.type === 'message') server.send({ ...success, newSharesSum: 1n });
    }
    for (const _ of client.receive(server.drain() as Uint8Array));
  };
}

/** A hundred shares in one chunk. */
function burst(security: Security): () => void {
  const { client, server } = pair(security);
  return () => {
    for (let i = 0; i < 100; i += 1) client.sendFrame(shareFrame);
    for (const _ of server.receive(client.drain() as Uint8Array));
  };
}

/** What to measure: name -> one iteration. Run by `npm run bench -- session`. */
export const suite: Record<string, () => void> = {
  'a share and its answer, both sides, plain': exchange('plain'),
  'a share and its answer, both sides, sealed': exchange('noise'),
  'a share and its answer, both sides, sealed, with both watched': exchange('noise', true),
  '100 shares in one chunk, sealed and opened': burst('noise'),
};
