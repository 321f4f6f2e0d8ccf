// An upstream that says what a test tells it to say: for messages that a pool of ours sends rarely or never.
import { buildCoinbase, heightPush, type TxOut, targetFromDifficulty } from '@sv2kit/bitcoin';
import {
  mining,
  type MiningFromClient,
  type MiningFromServer,
  type NewExtendedMiningJob,
  type OpenExtendedMiningChannel,
} from '@sv2kit/codec';
import { type Connection, type Listener, listen, serve } from '@sv2kit/net';
import { onTestFinished } from 'vitest';
import { EASY } from './site.ts';

export const NTIME = 1_767_225_500;

export interface UpstreamScript {
  readonly flags?: number;
  readonly extensions?: readonly number[];
  readonly extranonceSize?: number;
  readonly difficulty?: number;
  /** What the coinbase pays. */
  readonly outputs?: readonly TxOut[];
  /** The code of an error, `silent`, or yes. */
  readonly open?: (message: OpenExtendedMiningChannel, count: number) => 'yes' | 'silent' | { readonly code: string };
  /** Of the channel and its group. */
  readonly ids?: (count: number) => { readonly channelId: number; readonly groupChannelId: number };
  /** What becomes of shares. */
  readonly share?: 'yes' | 'silent' | { readonly code: string };
  /** Whether a channel gets work as soon as it is open. */
  readonly work?: boolean;
}

export class ScriptedUpstream {
  readonly received: MiningFromClient[] = [];
  readonly connections: Connection<MiningFromServer>[] = [];
  readonly script: UpstreamScript;
  share: UpstreamScript['share'];
  #listener: Listener | undefined;
  #port = 0;
  #jobId = 0;
  #opens = 0;

  constructor(script: UpstreamScript) {
    this.script = script;
    this.share = script.share ?? 'yes';
  }

  get url(): string {
    return `stratum2+tcp://127.0.0.1:${this.#port}`;
  }

  async back(): Promise<void> {
    const { flags = 0, extensions = [] } = this.script;
    this.#listener = await listen({
      host: '127.0.0.1',
      port: this.#port,
      extensions: { supported: extensions, required: [] },
      services: [
        serve(mining, {
          accept: (connection) => {
            this.connections.push(connection);
            const onMessage = (message: MiningFromClient): void =>
              this.#onMessage(connection, structuredClone(message));
            return { kind: 'accept', flags, handler: { onMessage, onClose() {} } };
          },
        }),
      ],
    });
    this.#port = this.#listener.port;
  }

  async away(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  of<T extends MiningFromClient['type']>(type: T): Extract<MiningFromClient, { type: T }>[] {
    return this.received.filter((each): each is Extract<MiningFromClient, { type: T }> => each.type === type);
  }

  says(...messages: readonly MiningFromServer[]): void {
    for (const message of messages) this.connections.at(-1)?.send(message);
  }

  /** A job for a channel or a group. @param future named by a later prev-hash */
  job(
    channelId: number,
    { future = false, ...rest }: { future?: boolean } & Partial<NewExtendedMiningJob> = {},
  ): number {
    this.#jobId += 1;
    const { prefix: coinbaseTxPrefix, suffix: coinbaseTxSuffix } = coinbase(
      this.script.outputs ?? [{ value: 312_500_000n, script: Uint8Array.of(0x51) }],
      4 + (this.script.extranonceSize ?? 8),
    );
    this.says({
      type: 'NewExtendedMiningJob',
      channelId,
      jobId: this.#jobId,
      minNtime: future ? undefined : NTIME,
      version: 0x20000000,
      versionRollingAllowed: true,
      merklePath: [new Uint8Array(32).fill(this.#jobId)],
      coinbaseTxPrefix,
      coinbaseTxSuffix,
      ...rest,
    });
    return this.#jobId;
  }

  /** A future job, and a tip that makes it the present one. */
  tip(channelId: number, height: number, rest: Partial<NewExtendedMiningJob> = {}): number {
    const jobId = this.job(channelId, { ...rest, future: true });
    const prevHash = new Uint8Array(32).fill(height & 0xff);
    this.says({ type: 'SetNewPrevHash', channelId, jobId, prevHash, minNtime: NTIME, nbits: 0x1d00ffff });
    return jobId;
  }

  /** Prefix of the channel that was opened so many-th, counted from 1. */
  static prefix(count: number): Uint8Array {
    return Uint8Array.of(0xaa, 0, 0, count);
  }

  #onMessage(connection: Connection<MiningFromServer>, message: MiningFromClient): void {
    this.received.push(message);
    if (message.type === 'OpenExtendedMiningChannel') this.#onOpen(connection, message);
    if (message.type !== 'SubmitSharesExtended' || this.share === 'silent') return;
    const { channelId, sequenceNumber } = message;
    if (this.share === 'yes') {
      connection.send({
        type: 'SubmitSharesSuccess',
        channelId,
        lastSequenceNumber: sequenceNumber,
        newSubmitsAcceptedCount: 1,
        newSharesSum: 1n,
      });
    } else if (this.share !== undefined) {
      connection.send({ type: 'SubmitSharesError', channelId, sequenceNumber, errorCode: this.share.code });
    }
  }

  #onOpen(connection: Connection<MiningFromServer>, message: OpenExtendedMiningChannel): void {
    this.#opens += 1;
    const count = this.#opens;
    const { requestId } = message;
    const answer = this.script.open?.(message, count) ?? 'yes';
    if (answer === 'silent') return;
    if (answer !== 'yes') {
      connection.send({ type: 'OpenMiningChannelError', requestId, errorCode: answer.code });
      return;
    }
    const { channelId, groupChannelId } = this.script.ids?.(count) ?? { channelId: count, groupChannelId: 1_000 };
    connection.send({
      type: 'OpenExtendedMiningChannelSuccess',
      requestId,
      channelId,
      target: targetFromDifficulty(this.script.difficulty ?? EASY),
      extranonceSize: this.script.extranonceSize ?? 8,
      extranoncePrefix: ScriptedUpstream.prefix(count),
      groupChannelId,
    });
    if (this.script.work !== false) this.tip(channelId, 1);
  }
}

function coinbase(outputs: readonly TxOut[], extranonceSize: number): { prefix: Uint8Array; suffix: Uint8Array } {
  const scriptSigPrefix = heightPush(800_000);
  return buildCoinbase({
    txVersion: 2,
    scriptSigPrefix,
    extranonceSize,
    sequence: 0xffffffff,
    outputs,
    locktime: 0,
    segwit: false,
  });
}

export async function startUpstream(script: UpstreamScript = {}): Promise<ScriptedUpstream> {
  const upstream = new ScriptedUpstream(script);
  onTestFinished(() => upstream.away());
  await upstream.back();
  return upstream;
}
