import { MAX_TARGET } from '@sv2kit/bitcoin';
import { type MiningFromServer, mining } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { type MinerPhase, REACTIONS } from '../src/reactions.ts';
import { type Arranged, arrange, CHANNEL, EASY_TARGET, job, NTIME, reach, success, tip } from './arrange.ts';

type Type = MiningFromServer['type'];
type Kind = 'standard' | 'extended';
const PHASES: readonly MinerPhase[] = ['opening', 'waiting', 'mining', 'closed'];

/** One message of each type, for the channel or request that the device has. */
const MESSAGES: { readonly [T in Type]: Extract<MiningFromServer, { type: T }> } = {
  SetupConnectionSuccess: { type: 'SetupConnectionSuccess', usedVersion: 2, flags: 0 },
  SetupConnectionError: { type: 'SetupConnectionError', flags: 0, errorCode: 'late' },
  ChannelEndpointChanged: { type: 'ChannelEndpointChanged', channelId: CHANNEL },
  Reconnect: { type: 'Reconnect', newHost: '', newPort: 0 },
  RequestExtensionsSuccess: { type: 'RequestExtensionsSuccess', requestId: 1, supportedExtensions: [] },
  RequestExtensionsError: {
    type: 'RequestExtensionsError',
    requestId: 1,
    unsupportedExtensions: [],
    requiredExtensions: [],
  },
  OpenStandardMiningChannelSuccess: success('standard') as never,
  OpenExtendedMiningChannelSuccess: success('extended') as never,
  OpenMiningChannelError: { type: 'OpenMiningChannelError', requestId: 2, errorCode: 'unknown-user' },
  NewMiningJob: job('standard', 3, NTIME) as never,
  NewExtendedMiningJob: job('extended', 3, NTIME) as never,
  SetNewPrevHash: tip(2) as never,
  SetTarget: { type: 'SetTarget', channelId: CHANNEL, maximumTarget: EASY_TARGET },
  SetExtranoncePrefix: { type: 'SetExtranoncePrefix', channelId: CHANNEL, extranoncePrefix: new Uint8Array(20) },
  SetGroupChannel: { type: 'SetGroupChannel', groupChannelId: 200, channelIds: [CHANNEL] },
  CloseChannel: { type: 'CloseChannel', channelId: CHANNEL, reasonCode: 'test' },
  UpdateChannelError: { type: 'UpdateChannelError', channelId: CHANNEL, errorCode: 'invalid-nominal-hashrate' },
  SubmitSharesSuccess: {
    type: 'SubmitSharesSuccess',
    channelId: CHANNEL,
    lastSequenceNumber: 9,
    newSubmitsAcceptedCount: 2,
    newSharesSum: 2n,
  },
  SubmitSharesError: { type: 'SubmitSharesError', channelId: CHANNEL, sequenceNumber: 9, errorCode: 'stale-share' },
  SetCustomMiningJobSuccess: { type: 'SetCustomMiningJobSuccess', channelId: CHANNEL, requestId: 1, jobId: 1 },
  SetCustomMiningJobError: { type: 'SetCustomMiningJobError', channelId: CHANNEL, requestId: 1, errorCode: 'x' },
};

/** What happens, in the order of PHASES: opening, waiting, mining, closed. */
type Cells = readonly [string, string, string, string];
const NOTHING: Cells = ['nothing', 'nothing', 'nothing', 'nothing'];
const NEVER: Cells = ['unexpected', 'unexpected', 'unexpected', 'unexpected'];
const NOTED: Cells = ['unexpected', 'nothing', 'nothing', 'unexpected'];
const JOB: Cells = ['unexpected', 'ends: job-without-prev-hash', 'mines 3', 'unexpected'];
const WRONG_JOB: Cells = ['unexpected', 'ends: wrong-job-kind', 'ends: wrong-job-kind', 'unexpected'];
const OPENED: Cells = ['-> waiting', 'unexpected', 'unexpected', 'unexpected'];
const WRONG_CHANNEL: Cells = ['ends: wrong-channel-kind', 'unexpected', 'unexpected', 'unexpected'];

/** Message x phase -> what a standard-channel device does; an extended one differs in four rows. */
const STANDARD: Readonly<Record<Type, Cells>> = {
  SetupConnectionSuccess: NOTHING,
  SetupConnectionError: NOTHING,
  ChannelEndpointChanged: NOTHING,
  Reconnect: NOTHING,
  RequestExtensionsSuccess: NOTHING,
  RequestExtensionsError: NOTHING,
  OpenStandardMiningChannelSuccess: OPENED,
  OpenExtendedMiningChannelSuccess: WRONG_CHANNEL,
  OpenMiningChannelError: ['ends: open-refused', 'unexpected', 'unexpected', 'unexpected'],
  NewMiningJob: JOB,
  NewExtendedMiningJob: WRONG_JOB,
  SetNewPrevHash: ['unexpected', '-> mining, mines 2', 'mines 2', 'unexpected'],
  SetTarget: NOTED,
  SetExtranoncePrefix: NOTED,
  SetGroupChannel: NOTED,
  CloseChannel: ['unexpected', '-> closed', '-> closed, rests', 'unexpected'],
  UpdateChannelError: NOTED,
  SubmitSharesSuccess: ['unexpected', '2 accepted', '2 accepted', 'unexpected'],
  SubmitSharesError: ['unexpected', '1 rejected', '1 rejected', 'unexpected'],
  SetCustomMiningJobSuccess: NEVER,
  SetCustomMiningJobError: NEVER,
};
const TABLES: Readonly<Record<Kind, Readonly<Record<Type, Cells>>>> = {
  standard: STANDARD,
  extended: {
    ...STANDARD,
    OpenStandardMiningChannelSuccess: WRONG_CHANNEL,
    OpenExtendedMiningChannelSuccess: OPENED,
    NewMiningJob: WRONG_JOB,
    NewExtendedMiningJob: JOB,
  },
};

function observe({ miner, connection, rig, shares, seen }: Arranged) {
  const { accepted, rejected } = shares.totals;
  const lost = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  const { length: unexpected } = seen.unexpected;
  return { phase: miner.phase, ended: connection.ended, job: rig.work?.jobId, accepted, lost, unexpected };
}

function whatHappens(kind: Kind, phase: MinerPhase, message: MiningFromServer): string {
  const arranged = arrange(kind);
  reach(arranged, kind, phase);
  const before = observe(arranged);
  expect(before.phase).toBe(phase);
  arranged.miner.onMessage(message);
  const after = observe(arranged);
  const effects = [
    after.unexpected > before.unexpected && 'unexpected',
    after.ended !== before.ended && `ends: ${after.ended}`,
    after.phase !== before.phase && `-> ${after.phase}`,
    after.job !== before.job && (after.job === undefined ? 'rests' : `mines ${after.job}`),
    after.accepted > before.accepted && `${after.accepted - before.accepted} accepted`,
    after.lost > before.lost && `${after.lost - before.lost} rejected`,
  ];
  return effects.filter((effect) => effect !== false).join(', ') || 'nothing';
}

const TYPES = mining.fromServer.definitions.map(({ name }) => name as Type);

test('the table has a row for every message that a mining server can send, and no other (§8)', () => {
  expect(Object.keys(REACTIONS).sort()).toEqual([...TYPES].sort());
  for (const type of TYPES) expect(Object.keys(REACTIONS[type]).sort()).toEqual([...PHASES].sort());
});

describe.each<Kind>(['standard', 'extended'])('a device on a %s channel', (kind) => {
  for (const type of TYPES) {
    for (const [index, phase] of PHASES.entries()) {
      const expected = TABLES[kind][type][index];
      test(`${type} while ${phase}: ${expected}`, () => {
        expect(whatHappens(kind, phase, MESSAGES[type])).toBe(expected);
      });
    }
  }
});

describe('beside the table', () => {
  test('what is for another channel changes nothing', () => {
    for (const type of TYPES) {
      const message = MESSAGES[type];
      if (!('channelId' in message) || type.startsWith('Open')) continue;
      const elsewhere = { ...message, channelId: 77 } as MiningFromServer;
      expect([type, whatHappens('standard', 'mining', elsewhere)]).toEqual([
        type,
        type.startsWith('SetCustom') ? 'unexpected' : 'nothing',
      ]);
    }
  });
  test('an answer to another request changes nothing', () => {
    const answer = { ...MESSAGES.OpenMiningChannelError, requestId: 1000 };
    expect(whatHappens('standard', 'opening', answer)).toBe('nothing');
  });
  test("a target above the device's maximum ends the connection (§5.3.21)", () => {
    const arranged = arrange('standard', { maxTarget: EASY_TARGET });
    reach(arranged, 'standard', 'mining');
    arranged.miner.onMessage({ type: 'SetTarget', channelId: CHANNEL, maximumTarget: MAX_TARGET });
    expect(arranged.connection.ended).toBe('target-above-maximum');
  });
  test('SetNewPrevHash for a job that never came ends the connection (§5.3.17)', () => {
    expect(whatHappens('standard', 'mining', tip(66))).toBe('ends: unknown-future-job');
  });
});
