import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCountedOutputs, targetFromBigint, type TxOut } from '@sv2kit/bitcoin';
import {
  type CoinbaseOutputConstraints,
  type DeclareMiningJob,
  jobDeclaration,
  type JobDeclarationFromClient,
  type JobDeclarationFromServer,
  mining,
  type MiningFromClient,
  type MiningFromServer,
  REQUIRES_WORK_SELECTION,
  type SetCustomMiningJob,
  type SubmitSharesExtended,
  type SubmitSolution,
  templateDistribution,
  type TemplatesFromServer,
} from '@sv2kit/codec';
import { createIdentity, type Identity, silentLogger, systemClock, writeSecretFile } from '@sv2kit/daemon';
import { type Connection, inlineHandshakes, type Listener, listen, type Service, serve } from '@sv2kit/net';
import { formatUrl } from '@sv2kit/noise';
import { onTestFinished } from 'vitest';
import { newTemplate, prevHash } from './templates.ts';

export const folder = mkdtempSync(join(tmpdir(), 'sv2kit-jd-client-'));
export const keyFile = join(folder, 'authority.key');
writeSecretFile(keyFile, 'authority-secret', randomBytes(32), []);

/** A service over encrypted sockets, whose port stays the same when it goes away and comes back. */
abstract class Neighbour {
  readonly #identity: Identity = createIdentity(
    { staticKeyFile: undefined, certificateFile: undefined, authoritySecretFile: keyFile, certificateDays: 1 },
    { clock: systemClock, log: silentLogger },
  );
  #listener: Listener | undefined;
  #port = 0;
  protected abstract readonly service: Service;

  /** @returns itself, closed when the test is over */
  async listen(): Promise<this> {
    if (this.#port === 0) onTestFinished(() => this.#close());
    this.#listener = await listen({
      host: '127.0.0.1',
      port: this.#port,
      identity: () => this.#identity.current(),
      services: [this.service],
      handshakes: inlineHandshakes(),
    });
    this.#port = this.#listener.port;
    return this;
  }

  get url(): string {
    return formatUrl({ host: '127.0.0.1', port: this.#port, authority: this.#identity.authorityPublicKey });
  }

  async away(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  async #close(): Promise<void> {
    this.#identity[Symbol.dispose]();
    await this.away();
  }
}

/** A template provider with one template of height 100. */
export class FakeTemplateProvider extends Neighbour {
  readonly solutions: SubmitSolution[] = [];
  readonly constraints: CoinbaseOutputConstraints[] = [];
  /** Whole transactions by template. */
  readonly content = new Map<bigint, readonly Uint8Array[]>();
  /** Whether it keeps transactions to itself. */
  refuses = false;
  templates: TemplatesFromServer[] = [newTemplate(1, 100, true), prevHash(1, 99)];
  #tell: ((message: TemplatesFromServer) => void) | undefined;
  protected readonly service = serve(templateDistribution, {
    accept: (connection) => {
      this.#tell = (message) => connection.send(message);
      return {
        kind: 'accept',
        handler: {
          onMessage: (message) => {
            if (message.type === 'CoinbaseOutputConstraints') {
              this.constraints.push(message);
              for (const each of this.templates) connection.send(each);
            }
            if (message.type === 'SubmitSolution') this.solutions.push(structuredClone(message));
            if (message.type === 'RequestTransactionData') {
              const transactionList = this.content.get(message.templateId) ?? [];
              const { templateId } = message;
              if (this.refuses) {
                connection.send({ type: 'RequestTransactionDataError', templateId, errorCode: 'stale-template-id' });
                return;
              }
              const excessData = Uint8Array.of(0xe0);
              connection.send({ type: 'RequestTransactionDataSuccess', templateId, excessData, transactionList });
            }
          },
          onClose() {},
        },
      };
    },
  });

  says(...messages: TemplatesFromServer[]): void {
    for (const message of messages) this.#tell?.(message);
  }

  /** A new tip, told by a future template and its activation. */
  newTip(id: number, height: number, content: readonly Uint8Array[] = []): void {
    this.content.set(BigInt(id), content);
    this.templates = [newTemplate(id, height, true, content), prevHash(id, height - 1)];
    this.says(...this.templates);
  }

  /** A better template of the tip at hand. */
  better(id: number, height: number, content: readonly Uint8Array[]): void {
    this.content.set(BigInt(id), content);
    this.says(newTemplate(id, height, false, content));
  }
}

/** Half of all hashes: what pools here ask for. */
export const POOL_TARGET = targetFromBigint(1n << 255n);

/** A pool that opens extended channels and says yes to every custom job and share, unless told otherwise. */
export class FakePool extends Neighbour {
  readonly jobs: SetCustomMiningJob[] = [];
  readonly shares: SubmitSharesExtended[] = [];
  readonly received: MiningFromClient[] = [];
  prefix = Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd);
  extranonceSize = 12;
  target = POOL_TARGET;
  /** Answers to SetCustomMiningJob: the code of an error, `silent`, or yes. */
  jobAnswer: 'yes' | 'silent' | { readonly code: string } = 'yes';
  shareAnswer: 'yes' | 'silent' | { readonly code: string } = 'yes';
  openAnswer: 'yes' | { readonly code: string } = 'yes';
  #connection: Connection<MiningFromServer> | undefined;
  #jobId = 40;
  protected readonly service = serve(mining, {
    flags: REQUIRES_WORK_SELECTION,
    accept: (connection) => {
      this.#connection = connection;
      return {
        kind: 'accept',
        handler: { onMessage: (message) => this.#onMessage(structuredClone(message)), onClose() {} },
      };
    },
  });

  says(message: MiningFromServer): void {
    this.#connection?.send(message);
  }

  /** The id that the next custom job gets. */
  get nextJobId(): number {
    return this.#jobId + 1;
  }

  accept(job: SetCustomMiningJob): void {
    this.#jobId += 1;
    this.says({ type: 'SetCustomMiningJobSuccess', channelId: 7, requestId: job.requestId, jobId: this.#jobId });
  }

  #onMessage(message: MiningFromClient): void {
    this.received.push(message);
    switch (message.type) {
      case 'OpenExtendedMiningChannel': {
        const { requestId } = message;
        if (this.openAnswer !== 'yes')
          return this.says({ type: 'OpenMiningChannelError', requestId, errorCode: this.openAnswer.code });
        return this.says({
          type: 'OpenExtendedMiningChannelSuccess',
          requestId,
          channelId: 7,
          target: this.target,
          extranonceSize: this.extranonceSize,
          extranoncePrefix: this.prefix,
          groupChannelId: 8,
        });
      }
      case 'SetCustomMiningJob': {
        this.jobs.push(message);
        const { requestId } = message;
        if (this.jobAnswer === 'yes') this.accept(message);
        else if (this.jobAnswer !== 'silent') {
          const errorCode = this.jobAnswer.code;
          this.says({ type: 'SetCustomMiningJobError', channelId: 7, requestId, errorCode });
        }
        return;
      }
      case 'SubmitSharesExtended': {
        this.shares.push(message);
        const { sequenceNumber } = message;
        if (this.shareAnswer === 'yes') {
          this.says({
            type: 'SubmitSharesSuccess',
            channelId: 7,
            lastSequenceNumber: sequenceNumber,
            newSubmitsAcceptedCount: 1,
            newSharesSum: 1n,
          });
        } else if (this.shareAnswer !== 'silent') {
          this.says({ type: 'SubmitSharesError', channelId: 7, sequenceNumber, errorCode: this.shareAnswer.code });
        }
        return;
      }
      default: // nothing that a test asks about
    }
  }
}

export const PAYOUT: TxOut = { value: 0n, script: Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7)) };
export const MARKER: TxOut = { value: 0n, script: Uint8Array.of(0x6a, 0x01, 0x2a) };

/** A job declarator server that gives tokens and says yes to every declaration, unless told otherwise. */
export class FakeDeclarator extends Neighbour {
  readonly declared: DeclareMiningJob[] = [];
  readonly received: JobDeclarationFromClient[] = [];
  readonly flags: number[] = [];
  outputs: Uint8Array = encodeCountedOutputs([PAYOUT, MARKER]);
  /** Tokens that it still gives. */
  tokens = Infinity;
  declareAnswer: 'yes' | 'silent' | { readonly code: string } = 'yes';
  #token = 0;
  #connection: Connection<JobDeclarationFromServer> | undefined;
  readonly #owed: number[] = [];
  protected readonly service = serve(jobDeclaration, {
    flags: 1,
    accept: (connection) => {
      this.#connection = connection;
      this.flags.push(connection.setup.flags);
      this.#owed.length = 0;
      return {
        kind: 'accept',
        handler: { onMessage: (message) => this.#onMessage(structuredClone(message)), onClose() {} },
      };
    },
  });

  says(message: JobDeclarationFromServer): void {
    this.#connection?.send(message);
  }

  /** Gives so many tokens more. */
  allow(tokens: number): void {
    this.tokens += tokens;
    for (const requestId of this.#owed.splice(0)) this.#allocate(requestId);
  }

  of<T extends JobDeclarationFromClient['type']>(type: T): Extract<JobDeclarationFromClient, { type: T }>[] {
    return this.received.filter((each): each is Extract<JobDeclarationFromClient, { type: T }> => each.type === type);
  }

  accept({ requestId }: DeclareMiningJob): void {
    this.says({ type: 'DeclareMiningJobSuccess', requestId, newMiningJobToken: Uint8Array.of(0xd0, requestId) });
  }

  #onMessage(message: JobDeclarationFromClient): void {
    this.received.push(message);
    if (message.type === 'AllocateMiningJobToken') this.#allocate(message.requestId);
    if (message.type !== 'DeclareMiningJob') return;
    this.declared.push(message);
    const { requestId } = message;
    if (this.declareAnswer === 'yes') this.accept(message);
    else if (this.declareAnswer !== 'silent') {
      const { code: errorCode } = this.declareAnswer;
      this.says({ type: 'DeclareMiningJobError', requestId, errorCode, errorDetails: new Uint8Array(0) });
    }
  }

  #allocate(requestId: number): void {
    if (this.tokens <= 0) {
      this.#owed.push(requestId);
      return;
    }
    this.tokens -= 1;
    this.#token += 1;
    const miningJobToken = Uint8Array.of(0xa0, this.#token);
    this.says({ type: 'AllocateMiningJobTokenSuccess', requestId, miningJobToken, coinbaseTxOutputs: this.outputs });
  }
}
