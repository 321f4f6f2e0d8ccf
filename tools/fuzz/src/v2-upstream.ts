import { buildCoinbase, heightPush } from '@sv2kit/bitcoin';
import {
  mining,
  type MiningFromClient,
  type MiningFromServer,
  type OpenExtendedMiningChannel,
  type Random,
} from '@sv2kit/codec';
import { type Connection, listen, type Listener, serve } from '@sv2kit/net';
import { bytes, integer } from './random.ts';

const EXTRANONCE = { prefix: 4, rolled: 8 } as const;
const NTIME = 0x6956_8e7c;
/** Nothing that is drawn is a block. */
const NBITS = 0x1703_a30c;
const MAX_TARGET = new Uint8Array(32).fill(0xff);

/** A V2 pool that keeps to the protocol, in moods: it takes shares or does not, and changes what it can change. */
export class MoodyUpstream {
  readonly #random: Random;
  #jobId = 0;
  #channels = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  open(): Promise<Listener> {
    const service = serve(mining, {
      accept: (connection) => ({
        kind: 'accept',
        flags: 0,
        handler: { onMessage: (message) => this.#onMessage(connection, message), onClose() {} },
      }),
    });
    return listen({ host: '127.0.0.1', port: 0, services: [service], extensions: { supported: [2], required: [] } });
  }

  #onMessage(connection: Connection<MiningFromServer>, message: MiningFromClient): void {
    if (message.type === 'OpenExtendedMiningChannel') this.#onOpen(connection, message);
    if (message.type === 'SubmitSharesExtended') this.#onShare(connection, message.channelId, message.sequenceNumber);
  }

  #onOpen(connection: Connection<MiningFromServer>, { requestId }: OpenExtendedMiningChannel): void {
    this.#channels += 1;
    const channelId = this.#channels;
    connection.send({
      type: 'OpenExtendedMiningChannelSuccess',
      requestId,
      channelId,
      groupChannelId: 0,
      target: MAX_TARGET,
      extranonceSize: EXTRANONCE.rolled,
      extranoncePrefix: bytes(this.#random, EXTRANONCE.prefix),
    });
    this.#job(connection, channelId, true);
  }

  #onShare(connection: Connection<MiningFromServer>, channelId: number, sequenceNumber: number): void {
    const mood = this.#random();
    if (mood < 0.1) return connection.send({ type: 'SubmitSharesError', channelId, sequenceNumber, errorCode: 'no' });
    connection.send({
      type: 'SubmitSharesSuccess',
      channelId,
      lastSequenceNumber: sequenceNumber,
      newSubmitsAcceptedCount: 1,
      newSharesSum: 1n,
    });
    if (mood < 0.2) connection.send({ type: 'SetTarget', channelId, maximumTarget: MAX_TARGET });
    else if (mood < 0.3) this.#prefix(connection, channelId);
    else if (mood < 0.5) this.#job(connection, mood < 0.4 ? 0 : channelId, mood < 0.45);
    else if (mood < 0.52) connection.send({ type: 'CloseChannel', channelId, reasonCode: 'mood' });
  }

  #prefix(connection: Connection<MiningFromServer>, channelId: number): void {
    const extranoncePrefix = bytes(this.#random, EXTRANONCE.prefix);
    connection.send({ type: 'SetExtranoncePrefix', channelId, extranoncePrefix });
  }

  #job(connection: Connection<MiningFromServer>, channelId: number, newTip: boolean): void {
    this.#jobId += 1;
    const { prefix, suffix } = buildCoinbase({
      txVersion: 2,
      scriptSigPrefix: heightPush(800_000),
      extranonceSize: EXTRANONCE.prefix + EXTRANONCE.rolled,
      sequence: 0xffff_fffe,
      outputs: [{ value: 1n, script: Uint8Array.of(0x51) }],
      locktime: 0,
      segwit: false,
    });
    connection.send({
      type: 'NewExtendedMiningJob',
      channelId,
      jobId: this.#jobId,
      minNtime: newTip ? undefined : NTIME,
      version: 0x2000_0000,
      versionRollingAllowed: this.#random() < 0.8,
      merklePath: Array.from({ length: integer(this.#random, 4) }, () => bytes(this.#random, 32)),
      coinbaseTxPrefix: prefix,
      coinbaseTxSuffix: suffix,
    });
    if (!newTip) return;
    const prevHash = bytes(this.#random, 32);
    connection.send({ type: 'SetNewPrevHash', channelId, jobId: this.#jobId, prevHash, minNtime: NTIME, nbits: NBITS });
  }
}
