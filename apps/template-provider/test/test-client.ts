import {
  buildCoinbase,
  encodeHeader,
  hashHeader,
  joinCoinbase,
  meetsTarget,
  merkleRoot,
  parseTransaction,
  patchHeader,
} from '@sv2kit/bitcoin';
import { type SubmitSolution, templateDistribution, type TemplatesFromClient } from '@sv2kit/codec';
import { type CloseReason, type Connection, connect } from '@sv2kit/net';
import { TemplateClient, type TemplateEvent, type WorkTemplate, type WorkTip } from '@sv2kit/templates';

export interface Server {
  readonly port: number;
  /** Absent: without encryption. */
  readonly authority?: Uint8Array;
}

/** Room for one output and a little more. */
export const SMALL = { coinbaseOutputMaxAdditionalSize: 100, coinbaseOutputMaxAdditionalSigops: 4 };

type EventOf<K extends TemplateEvent['kind']> = Extract<TemplateEvent, { kind: K }>;

/** A pool's side of the wire: connects, listens, mines. */
export class TestClient implements AsyncDisposable {
  readonly templates = new TemplateClient();
  /** Everything that happened, in order. */
  readonly events: TemplateEvent[] = [];
  readonly closed: Promise<CloseReason>;
  readonly #connection: Connection<TemplatesFromClient>;
  #read = 0;
  #wake = (): void => {};

  static async connect(server: Server): Promise<TestClient> {
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    let receive = (_message: Parameters<TemplateClient['receive']>[0]): void => {};
    const connection = await connect({
      host: '127.0.0.1',
      port: server.port,
      ...(server.authority === undefined ? { security: 'plain' as const } : { authority: server.authority }),
      protocol: templateDistribution,
      handler: () => ({ onMessage: (message) => receive(message), onClose: resolve }),
    });
    const client = new TestClient(connection, promise);
    receive = (message) => client.#receive(message);
    return client;
  }

  private constructor(connection: Connection<TemplatesFromClient>, closed: Promise<CloseReason>) {
    this.#connection = connection;
    this.closed = closed;
  }

  send(message: TemplatesFromClient): void {
    this.#connection.send(message);
  }

  /** Sends constraints; resolves to the work that answers them. */
  async ask(constraints = SMALL): Promise<{ readonly template: WorkTemplate; readonly tip: WorkTip }> {
    this.send(this.templates.constraints(constraints));
    return await this.next('activated');
  }

  /** The next event of that kind, among those that no earlier call has passed over. */
  async next<K extends TemplateEvent['kind']>(
    kind: K,
    test: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> {
    return await this.#next((event): event is EventOf<K> => event.kind === kind && test(event as EventOf<K>));
  }

  /** The next work of either kind that is as wanted. */
  async nextWork(test: (event: EventOf<'activated' | 'update'>) => boolean): Promise<EventOf<'activated' | 'update'>> {
    return await this.#next(
      (event): event is EventOf<'activated' | 'update'> =>
        (event.kind === 'activated' || event.kind === 'update') && test(event),
    );
  }

  async #next<E extends TemplateEvent>(isWanted: (event: TemplateEvent) => event is E): Promise<E> {
    for (;;) {
      while (this.#read < this.events.length) {
        const event = this.events[this.#read++];
        if (event !== undefined && isWanted(event)) return event;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const ended = await Promise.race([promise, this.closed]);
      if (ended !== undefined) throw new Error(`the connection ended: ${ended.code}`);
    }
  }

  /** Mines on what it has now, paying itself everything; resolves to the block's hash. */
  submitBlock(): Uint8Array {
    const work = this.templates.current;
    if (work === undefined) throw new Error('nothing to mine');
    const { solution, hash } = mine(work.template, work.tip);
    this.send(solution);
    return hash;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.end('test-over');
    await this.closed;
  }

  #receive(message: Parameters<TemplateClient['receive']>[0]): void {
    const event = this.templates.receive(message);
    if (event.kind === 'transaction-data') {
      this.events.push({ ...event, transactions: event.transactions.map((bytes) => new Uint8Array(bytes)) });
    } else {
      this.events.push(event);
    }
    this.#wake();
  }
}

/** Pays to a witness script that anybody may fulfil: the SHA-256 of OP_TRUE. */
export const ANYBODY: Uint8Array = Uint8Array.from(
  Buffer.from('00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260', 'hex'),
);

let extranonce = 0;

/** Solves a template whose target is easy. */
export function mine(
  template: WorkTemplate,
  tip: WorkTip,
): { readonly solution: SubmitSolution; readonly hash: Uint8Array } {
  const parts = buildCoinbase({
    txVersion: template.coinbaseTxVersion,
    scriptSigPrefix: template.coinbasePrefix,
    extranonceSize: 4,
    sequence: template.coinbaseTxInputSequence,
    outputs: [{ value: template.coinbaseTxValueRemaining, script: ANYBODY }],
    templateOutputs: { count: template.coinbaseTxOutputsCount, bytes: template.coinbaseTxOutputs },
    locktime: template.coinbaseTxLocktime,
    segwit: true,
  });
  const coinbaseTx = joinCoinbase(parts, Uint8Array.of(0, 0, extranonce >> 8, extranonce++ & 0xff), { segwit: true });
  const { version, templateId, merklePath } = template;
  const { headerTimestamp, prevHash, nbits } = tip;
  const root = merkleRoot(parseTransaction(coinbaseTx).txid, merklePath);
  const header = encodeHeader({ version, prevHash, merkleRoot: root, ntime: headerTimestamp, nbits, nonce: 0 });
  for (let headerNonce = 0; ; headerNonce++) {
    patchHeader(header, version, headerTimestamp, headerNonce);
    const hash = hashHeader(header);
    if (!meetsTarget(hash, tip.target)) continue;
    const fields = { templateId, version, headerTimestamp, headerNonce, coinbaseTx };
    return { solution: { type: 'SubmitSolution', ...fields }, hash };
  }
}
