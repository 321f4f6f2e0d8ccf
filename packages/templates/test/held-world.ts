import { expect } from 'vitest';
import {
  type CoinbaseSpace,
  coinbaseSpace,
  type Delivery,
  type HeldTemplate,
  TemplateClient,
  type TemplatePublisher,
} from '../src/index.ts';
import type { NodeTransaction } from '../src/node-template.ts';
import { hashOf, NOW, publisher, SUBSIDY, template, tip, transaction } from './builders.ts';
import { held } from './held.ts';

const RESERVATIONS = 3;

/** What the node was asked for and gave, known by what it pays, which is never the same twice. */
interface Given {
  readonly template: HeldTemplate;
  readonly transactions: readonly NodeTransaction[];
  isReleased: boolean;
}

/** A client that knows what it asked for. */
class CheckedClient {
  readonly client = new TemplateClient();
  space: CoinbaseSpace = { weight: 0, sigops: 0 };
  /** How many tips the server had been on when this client was last told of one. */
  told = 0;
  #lastId = 0n;

  constrain(size: number, sigops: number) {
    const constraints = { coinbaseOutputMaxAdditionalSize: size, coinbaseOutputMaxAdditionalSigops: sigops };
    this.space = coinbaseSpace(constraints);
    return this.client.constraints(constraints);
  }

  take(message: Delivery['messages'][number], given: ReadonlyMap<bigint, Given>): void {
    const event = this.client.receive(message);
    expect(['future-template', 'activated', 'update']).toContain(event.kind);
    if (event.kind === 'activated' || event.kind === 'update') {
      // a block on its parent: tips are named by their height
      expect(event.tip.prevHash).toEqual(hashOf(event.template.coinbaseTxLocktime));
    }
    if (message.type !== 'NewTemplate') return;
    expect(message.templateId).toBeGreaterThan(this.#lastId);
    this.#lastId = message.templateId;
    const source = given.get(message.coinbaseTxValueRemaining);
    if (source === undefined) return; // an empty block, or cut from a whole template
    expect(source.isReleased).toBe(false);
    expect(source.template.merklePath).toEqual(message.merklePath);
    expect(source.template.reserve.weight).toBeGreaterThanOrEqual(this.space.weight);
    expect(source.template.reserve.sigops).toBeGreaterThanOrEqual(this.space.sigops);
  }
}

/** A node that builds templates for what is wanted, a server, and its clients. */
export class World {
  readonly server: TemplatePublisher = publisher({ limits: { reservations: RESERVATIONS, templatesPerTip: 8 } });
  readonly clients = new Map<number, CheckedClient>();
  readonly given = new Map<bigint, Given>();
  now = NOW;
  #tips = 0;
  #tip: Uint8Array | undefined;
  #name = 1000;
  #height = 1000;
  #fees = 0n;

  deliver(deliveries: Iterable<Delivery>): void {
    for (const { clients, messages } of deliveries) {
      expect(clients.length).toBeGreaterThan(0);
      this.#countTips();
      for (const id of clients) for (const message of messages) this.#hand(this.clients.get(id), message);
    }
    this.#countTips();
  }

  #hand(client: CheckedClient | undefined, message: Delivery['messages'][number]): void {
    client?.take(message, this.given);
    if (client !== undefined && message.type === 'SetNewPrevHash') client.told = this.#tips;
  }

  #countTips(): void {
    const { prevHash } = this.server.view();
    if (prevHash === this.#tip) return;
    this.#tip = prevHash;
    this.#tips++;
  }

  constrain(id: number, size: number, sigops: number): void {
    const client = this.clients.get(id) ?? new CheckedClient();
    this.clients.set(id, client);
    this.deliver(this.server.setConstraints(id, client.constrain(size, sigops), this.now));
  }

  leave(id: number): void {
    this.clients.delete(id);
    this.server.remove(id);
  }

  /** The node is away: the host sends all clients away too. */
  withdraw(): void {
    this.server.withdraw(this.now);
    for (const id of this.clients.keys()) this.leave(id);
  }

  /** A stream of the node has a template, on the tip or on the one before it. */
  build(reserve: CoinbaseSpace, count: number, behind = 0): Given {
    this.#fees += 100n;
    const transactions = Array.from({ length: count }, (_, i) =>
      transaction({ name: `${this.#fees} ${i}`, fee: i === 0 ? this.#fees : 0n }),
    );
    const template = held(this.#height + 1 - behind, reserve, transactions, {
      prevHash: hashOf(this.#name - behind),
      receivedAtMs: this.now,
    });
    const given = { template, transactions, isReleased: false };
    if (count > 0) this.given.set(SUBSIDY + template.fees, given);
    this.deliver(this.server.publish(template, this.now));
    return given;
  }

  stream(index: number, count: number, behind: number): void {
    const wanted = this.server.wanted();
    this.build(wanted[index % (wanted.length || 1)] ?? { weight: 8000, sigops: 400 }, count, behind);
  }

  /** The other node has a template. */
  whole(): void {
    const list = [transaction({ name: `whole ${this.#fees}`, fee: 13n })];
    const node = template(this.#height + 1, list, { prevHash: hashOf(this.#name), receivedAtMs: this.now });
    this.deliver(this.server.publish(node, this.now));
  }

  complete(index: number): void {
    const given = [...this.given.values()].at(-1 - index);
    if (given !== undefined) this.server.complete(given.template, given.transactions);
  }

  grow(): void {
    this.#name++;
    this.#height++;
  }

  announce(): void {
    const news = tip(this.#height, { hash: hashOf(this.#name), previousHash: hashOf(this.#name - 1) });
    this.deliver(this.server.announceTip(news, this.now));
  }

  tick(ms: number): void {
    this.now += ms;
    this.deliver(this.server.tick(this.now));
  }

  check(): void {
    for (const given of this.given.values()) given.isReleased ||= !this.server.holds(given.template);
    const spaces = [...this.clients.values()].map(({ space }) => space);
    const wanted = this.server.wanted();
    const distinct = new Set(spaces.map(({ weight, sigops }) => `${weight} ${sigops}`));
    expect(wanted.length).toBeLessThanOrEqual(RESERVATIONS);
    if (distinct.size <= RESERVATIONS) {
      expect(new Set(wanted.map(({ weight, sigops }) => `${weight} ${sigops}`))).toEqual(distinct);
    }
    for (const { weight, sigops } of spaces) {
      expect(wanted.some((one) => one.weight >= weight && one.sigops >= sigops)).toBe(true);
    }
    // the others wait for their reservation's template of the new tip
    for (const { client, told } of this.clients.values()) if (told === this.#tips) this.#checkWork(client);
  }

  /** What a client mines is known to the server, with its transactions or the promise of them. */
  #checkWork({ current }: TemplateClient): void {
    if (current === undefined) return;
    const { templateId, coinbaseTxValueRemaining } = current.template;
    const blank = { version: 0, headerTimestamp: 0, headerNonce: 0, coinbaseTx: new Uint8Array(0) };
    const outcome = this.server.solve({ type: 'SubmitSolution', templateId, ...blank });
    expect(current.tip.prevHash).toEqual(this.server.view().prevHash);
    expect(outcome).toMatchObject({ code: 'malformed-coinbase' });
    const given = this.given.get(coinbaseTxValueRemaining);
    const answer = this.server.transactionData(templateId, this.now);
    expect(given?.isReleased ?? false).toBe(false);
    if (given === undefined) expect('kind' in answer).toBe(false);
    else if ('kind' in answer) expect(answer.origin).toBe(given.template);
    else expect(answer).toMatchObject({ transactionList: given.transactions.map(({ data }) => data) });
  }

  /** All read, and every stream comes up with a template of the tip: then all are on it, with what was kept free for them. */
  settle(): void {
    for (const id of this.clients.keys()) this.deliver(this.server.resume(id, this.now));
    this.grow();
    for (const space of this.server.wanted()) this.build(space, 3);
    const wanted = this.server.wanted();
    const distinct = new Set([...this.clients.values()].map(({ space }) => `${space.weight} ${space.sigops}`));
    for (const { client, space } of this.clients.values()) {
      expect(client.current?.tip.prevHash).toEqual(this.server.view().prevHash);
      const own = this.given.get(client.current?.template.coinbaseTxValueRemaining ?? 0n)?.template.reserve;
      expect(wanted).toContainEqual(expect.objectContaining(own ?? { weight: 0 }));
      expect(own?.weight).toBeGreaterThanOrEqual(space.weight);
      if (distinct.size <= RESERVATIONS) expect(own).toMatchObject({ weight: space.weight, sigops: space.sigops });
    }
  }

  /** The node gives whole templates from now on: it may forget everything, sooner or later. */
  end(): void {
    for (let tips = 0; tips < 2; tips++) {
      this.grow();
      this.whole();
    }
    this.tick(60_000);
    this.check();
    expect([...this.given.values()].filter(({ isReleased }) => !isReleased)).toEqual([]);
    for (const id of this.clients.keys()) this.leave(id);
    expect(this.server.wanted()).toEqual([]);
  }
}
