import {
  buildCoinbase,
  displayHash,
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
import {
  type CoinbaseConstraints,
  TemplateClient,
  type TemplateEvent,
  type WorkTemplate,
  type WorkTip,
} from '@sv2kit/templates';
import { ANYBODY } from './coins.ts';
import { within } from './deadline.ts';
import { Mailbox } from './mailbox.ts';

/** A template that may be mined now. */
export interface TemplateWork {
  readonly template: WorkTemplate;
  readonly tip: WorkTip;
}

/** Room for one output and a little more. */
export const SMALL_COINBASE: CoinbaseConstraints = {
  coinbaseOutputMaxAdditionalSize: 100,
  coinbaseOutputMaxAdditionalSigops: 4,
};

type EventOf<K extends TemplateEvent['kind']> = Extract<TemplateEvent, { kind: K }>;
const isWork = (event: TemplateEvent): event is EventOf<'activated' | 'update'> =>
  event.kind === 'activated' || event.kind === 'update';

/** A pool's side of template distribution (§7), which does only what a scenario tells it to. */
export class TestTemplateClient implements AsyncDisposable {
  /** Everything that happened, in order. */
  readonly events = new Mailbox<TemplateEvent>(({ kind }) => kind);
  readonly #templates = new TemplateClient();
  readonly #closed = Promise.withResolvers<CloseReason>();
  #connection: Connection<TemplatesFromClient> | undefined;
  #extranonce = 0;

  /** @throws ConnectError when the server does not want it */
  static async connect(server: { readonly port: number; readonly authority: Uint8Array }): Promise<TestTemplateClient> {
    const client = new TestTemplateClient();
    client.#connection = await connect({
      host: '127.0.0.1',
      ...server,
      protocol: templateDistribution,
      setup: { vendor: 'scenario' },
      handler: () => ({
        onMessage: (message) => client.events.put(client.#templates.receive(structuredClone(message))),
        onClose: (reason) => {
          client.events.close(`the connection ended as ${reason.code}`);
          client.#closed.resolve(reason);
        },
      }),
    });
    return client;
  }

  /** What to mine now. @throws Error when there is nothing */
  get current(): TemplateWork {
    if (this.#templates.current === undefined) throw new Error('there is nothing to mine');
    return this.#templates.current;
  }

  send(message: TemplatesFromClient): void {
    if (this.#connection === undefined) throw new Error('not connected yet');
    this.#connection.send(message);
  }

  /** Why the connection ended. @throws DeadlineError */
  closed(): Promise<CloseReason> {
    return within('the end of the connection', this.#closed.promise);
  }

  /** Sends constraints; resolves to the work that answers them. @throws DeadlineError */
  async ask(constraints = SMALL_COINBASE): Promise<TemplateWork> {
    const from = this.events.items.length;
    this.send(this.#templates.constraints(constraints));
    return await this.#work('work for those constraints', () => true, from);
  }

  /** The first work that is as wanted, here already or still to come. @throws DeadlineError */
  async work(what: string, wanted: (work: TemplateWork) => boolean): Promise<TemplateWork> {
    return await this.#work(what, wanted, 0);
  }

  /** The first work on a tip. @param hash - of the tip, as the node shows it @throws DeadlineError */
  async workOn(hash: string): Promise<TemplateWork> {
    return await this.work(`work on ${hash}`, ({ tip }) => displayHash(tip.prevHash) === hash);
  }

  /** A template's transactions without the coinbase, in block order (§7.4). @throws DeadlineError */
  async transactions({ template: { templateId } }: TemplateWork): Promise<readonly Uint8Array[]> {
    this.send(this.#templates.requestTransactionData(templateId));
    const answer = await this.events.first(
      `the transactions of template ${templateId}`,
      (event) => event.kind.startsWith('transaction-data') && 'templateId' in event && event.templateId === templateId,
    );
    if (answer.kind === 'transaction-data') return answer.transactions;
    throw new Error(`there are no transactions: ${JSON.stringify(answer, (_, value: unknown) => String(value))}`);
  }

  /** Mines a block on that work, which pays everything to anybody, and submits it. @returns its hash as a node shows it */
  solve(work = this.current): string {
    this.#extranonce += 1;
    const { solution, hash } = solve(work, this.#extranonce);
    this.send(solution);
    return displayHash(hash);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.end('scenario-over');
    await this.closed();
  }

  async #work(what: string, wanted: (work: TemplateWork) => boolean, from: number): Promise<TemplateWork> {
    const event = await this.events.first(what, (each) => isWork(each) && wanted(each), { from });
    if (!isWork(event)) throw new Error(`${what}: ${event.kind} is no work`);
    return event;
  }
}

function solve({ template, tip }: TemplateWork, extranonce: number): { solution: SubmitSolution; hash: Uint8Array } {
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
  const rolled = Uint8Array.of(0, extranonce >> 16, extranonce >> 8, extranonce);
  const coinbaseTx = joinCoinbase(parts, rolled, { segwit: true });
  const { version, templateId, merklePath } = template;
  const { headerTimestamp, prevHash, nbits } = tip;
  const root = merkleRoot(parseTransaction(coinbaseTx).txid, merklePath);
  const header = encodeHeader({ version, prevHash, merkleRoot: root, ntime: headerTimestamp, nbits, nonce: 0 });
  for (let headerNonce = 0; ; headerNonce += 1) {
    patchHeader(header, version, headerTimestamp, headerNonce);
    const hash = hashHeader(header);
    if (!meetsTarget(hash, tip.target)) continue;
    return {
      solution: { type: 'SubmitSolution', templateId, version, headerTimestamp, headerNonce, coinbaseTx },
      hash,
    };
  }
}
