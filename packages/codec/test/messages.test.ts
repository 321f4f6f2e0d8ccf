import { describe, expect, test } from 'vitest';
import {
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  jobDeclaration,
  type MessageDefinition,
  type MessageOf,
  mining,
  NewExtendedMiningJob,
  NewMiningJob,
  patchChannelId,
  ProtocolError,
  readHeader,
  RequestExtensionsError,
  SetGroupChannel,
  SetNewPrevHash,
  SetupConnection,
  SubmitSharesError,
  SubmitSharesExtended,
  SubmitSharesSuccess,
  templateDistribution,
  utf8,
} from '../src/index.ts';
import { everyDefinition, hex, unhex } from './support.ts';

// Rows of §8 (reserved 0x1e left out) and of extension 0x0001: extension, type, channel_msg bit, name.
const messageTypes = `
0 00 0 SetupConnection; 0 01 0 SetupConnection.Success; 0 02 0 SetupConnection.Error; 0 03 1 ChannelEndpointChanged; 0 04 0 Reconnect;
0 10 0 OpenStandardMiningChannel; 0 11 0 OpenStandardMiningChannel.Success; 0 12 0 OpenMiningChannel.Error;
0 13 0 OpenExtendedMiningChannel; 0 14 0 OpenExtendedMiningChannel.Success; 0 15 1 NewMiningJob; 0 16 1 UpdateChannel;
0 17 1 UpdateChannel.Error; 0 18 1 CloseChannel; 0 19 1 SetExtranoncePrefix; 0 1a 1 SubmitSharesStandard; 0 1b 1 SubmitSharesExtended;
0 1c 1 SubmitShares.Success; 0 1d 1 SubmitShares.Error; 0 1f 1 NewExtendedMiningJob; 0 20 1 SetNewPrevHash; 0 21 1 SetTarget;
0 22 1 SetCustomMiningJob; 0 23 1 SetCustomMiningJob.Success; 0 24 1 SetCustomMiningJob.Error; 0 25 0 SetGroupChannel;
0 50 0 AllocateMiningJobToken; 0 51 0 AllocateMiningJobToken.Success; 0 55 0 ProvideMissingTransactions;
0 56 0 ProvideMissingTransactions.Success; 0 57 0 DeclareMiningJob; 0 58 0 DeclareMiningJob.Success; 0 59 0 DeclareMiningJob.Error;
0 60 0 PushSolution; 0 70 0 CoinbaseOutputConstraints; 0 71 0 NewTemplate; 0 72 0 SetNewPrevHash; 0 73 0 RequestTransactionData;
0 74 0 RequestTransactionData.Success; 0 75 0 RequestTransactionData.Error; 0 76 0 SubmitSolution;
1 00 0 RequestExtensions; 1 01 0 RequestExtensions.Success; 1 02 0 RequestExtensions.Error;`;

test('every row of §8 and of extension 0x0001 is declared with its number and channel_msg bit, and nothing else is', () => {
  const declared = everyDefinition.map(
    (d) => `${d.extensionType} ${d.messageType.toString(16).padStart(2, '0')} ${d.channelMsg ? 1 : 0} ${d.specName}`,
  );
  const rows = messageTypes
    .split(';')
    .map((row) => row.trim())
    .filter((row) => row !== '');
  expect(declared.sort()).toEqual(rows.sort());
});

interface Vector<D extends MessageDefinition> {
  readonly definition: D;
  readonly value: MessageOf<D>;
  readonly hex: string;
}
const vector = <D extends MessageDefinition>(
  definition: D,
  value: MessageOf<D>,
  bytes: string,
): Vector<MessageDefinition> =>
  ({ definition, value, hex: bytes.replaceAll(' ', '') }) as unknown as Vector<MessageDefinition>;
const u256 = (first: string) => unhex(first.padEnd(64, '0'));

// Written out by hand from the field tables.
const vectors = [
  vector(
    SetupConnection,
    {
      type: 'SetupConnection',
      protocol: 0,
      minVersion: 2,
      maxVersion: 2,
      flags: 5,
      endpointHost: 'a.b',
      endpointPort: 3336,
      vendor: 'v',
      hardwareVersion: 'h',
      firmware: '',
      deviceId: 'd1',
    },
    '0000 00 170000 00 0200 0200 05000000 03612e62 080d 0176 0168 00 026431',
  ),
  vector(
    SubmitSharesError,
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 42, errorCode: 'stale-share' },
    '0080 1d 140000 01000000 2a000000 0b 7374616c652d7368617265',
  ),
  vector(
    SubmitSharesSuccess,
    { type: 'SubmitSharesSuccess', channelId: 1, lastSequenceNumber: 2, newSubmitsAcceptedCount: 3, newSharesSum: 4n },
    '0080 1c 140000 01000000 02000000 03000000 0400000000000000',
  ),
  vector(
    NewMiningJob,
    { type: 'NewMiningJob', channelId: 2, jobId: 9, minNtime: undefined, version: 0x20000000, merkleRoot: u256('ab') },
    `0080 15 2d0000 02000000 09000000 00 00000020 ${'ab'.padEnd(64, '0')}`,
  ),
  vector(
    NewExtendedMiningJob,
    {
      type: 'NewExtendedMiningJob',
      channelId: 2,
      jobId: 9,
      minNtime: 7,
      version: 1,
      versionRollingAllowed: true,
      merklePath: [u256('cd')],
      coinbaseTxPrefix: unhex('0102'),
      coinbaseTxSuffix: unhex('03'),
    },
    `0080 1f 3a0000 02000000 09000000 0107000000 01000000 01 01${'cd'.padEnd(64, '0')} 02000102 010003`,
  ),
  vector(
    SetNewPrevHash,
    { type: 'SetNewPrevHash', channelId: 2, jobId: 9, prevHash: u256('ef'), minNtime: 7, nbits: 0x1d00ffff },
    `0080 20 300000 02000000 09000000 ${'ef'.padEnd(64, '0')} 07000000 ffff001d`,
  ),
  vector(
    SetGroupChannel,
    { type: 'SetGroupChannel', groupChannelId: 1, channelIds: [2, 3] },
    '0000 25 0e0000 01000000 0200 02000000 03000000',
  ),
  vector(
    RequestExtensionsError,
    { type: 'RequestExtensionsError', requestId: 1, unsupportedExtensions: [3], requiredExtensions: [5] },
    '0100 02 0a0000 0100 0100 0300 0100 0500',
  ),
];

describe('vectors', () => {
  test.each(vectors.map((v) => [v.definition.specName, v] as const))('%s', (_, { definition, value, hex: bytes }) => {
    expect(hex(encodeFrame(definition, value))).toBe(bytes);
    expect(decodePayload(definition, unhex(bytes).subarray(HEADER_SIZE))).toEqual(value);
  });
});

test('a message of the other side or of another protocol is not found (rule 2)', () => {
  expect(mining.fromClient.find(0, NewMiningJob.messageType)).toBeUndefined();
  expect(mining.fromServer.find(0, SubmitSharesExtended.messageType)).toBeUndefined();
  expect(templateDistribution.fromClient.find(0, SubmitSharesExtended.messageType)).toBeUndefined();
  expect(jobDeclaration.fromServer.find(0, 0x1e)).toBeUndefined();
});

test('caps follow the content: a share is small, a group of thousands fits, a block of transactions fits', () => {
  expect(SubmitSharesExtended.maxPayload).toBeLessThan(400);
  expect(SetGroupChannel.maxPayload).toBeGreaterThanOrEqual(4 + 2 + 4 * 65_535);
  expect(NewExtendedMiningJob.maxPayload).toBeGreaterThan(2 * 65_535 + 255 * 32);
  expect(templateDistribution.fromServer.named('RequestTransactionDataSuccess').maxPayload).toBeGreaterThan(4_000_000);
  for (const definition of everyDefinition) expect(definition.maxPayload).toBeLessThan(2 ** 24);
});

test('one encoding serves every channel: the channel id is patched in place (§3.2.1)', () => {
  const frame = encodeFrame(SubmitSharesError, {
    type: 'SubmitSharesError',
    channelId: 1,
    sequenceNumber: 0,
    errorCode: 'x',
  });
  patchChannelId(frame, 0xdeadbeef);
  expect(decodePayload(SubmitSharesError, frame.subarray(HEADER_SIZE)).channelId).toBe(0xdeadbeef);
  expect(readHeader(frame).channelMsg).toBe(true);
});

test("an error's text stays short, whatever a peer sent; its details are whole", () => {
  const missing = Array.from({ length: 65_536 }, (_, i) => i);
  const error = new ProtocolError('extension-missing', { missing, more: 'x' });
  expect(error.message).toMatch(/^extension-missing: missing 0,1,2,[\d,]{1,100}…, more x$/);
  expect(error.details).toEqual({ missing, more: 'x' });
});

test('user_identity is bytes, not text (§5.3.2)', () => {
  const definition = mining.fromClient.named(
    'OpenStandardMiningChannel',
  ) as (typeof mining.fromClient.definitions)[number];
  const message = {
    type: 'OpenStandardMiningChannel',
    requestId: 1,
    userIdentity: Uint8Array.of(0xff, 0x00, 0xfe),
    nominalHashRate: 0,
    maxTarget: u256(''),
  } as const;
  const frame = encodeFrame(definition as MessageDefinition, message as never);
  expect(decodePayload(definition, frame.subarray(HEADER_SIZE))).toEqual(message);
  expect(utf8('é')).toEqual(Uint8Array.of(0xc3, 0xa9));
});
