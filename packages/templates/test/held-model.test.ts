import fc from 'fast-check';
import { expect, test } from 'vitest';
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
  #lastId = 0n;

  constrain(size: number, sigops: number) {
    const constraints = { coinbaseOutputMaxAdditionalSize: size, coinbaseOutputMaxAdditionalSigops: sigops };
    this.space = coinbaseSpace(constraints);
    return this.client.constraints(constraints);
  }

  take(message: Delivery['messages'][number], given: ReadonlyMap<bigint, Given>): void {
    expect(['future-template', 'activated', 'update']).toContain(this.client.receive(message).kind);
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
class World {
  readonly server: TemplatePublisher = publisher({ limits: { reservations: RESERVATIONS, templatesPerTip: 24 } });
  readonly clients = new Map<number, CheckedClient>();
  readonly given = new Map<bigint, Given>();
  now = NOW;
  #name = 1000;
  #height = 1000;
  #fees = 0n;

  deliver(deliveries: Iterable<Delivery>): void {
    for (const { clients, messages } of deliveries) {
      expect(clients.length).toBeGreaterThan(0);
      for (const id of clients) for (const message of messages) this.clients.get(id)?.take(message, this.given);
    }
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
    for (const { client } of this.clients.values()) this.#checkWork(client);
  }

  /** What a client mines is known to the server, with its transactions or the promise of them. */
  #checkWork({ current }: TemplateClient): void {
    if (current === undefined) return;
    const { templateId, coinbaseTxValueRemaining } = current.template;
    const blank = { version: 0, headerTimestamp: 0, headerNonce: 0, coinbaseTx: new Uint8Array(0) };
    const outcome = this.server.solve({ type: 'SubmitSolution', templateId, ...blank });
    const isOfThisTip = Buffer.compare(current.tip.prevHash, this.server.view().prevHash ?? new Uint8Array()) === 0;
    if (!isOfThisTip) return; // it waits for its reservation's template of the new tip
    expect(outcome).toMatchObject({ code: 'malformed-coinbase' });
    const given = this.given.get(coinbaseTxValueRemaining);
    const answer = this.server.transactionData(templateId, this.now);
    if (given === undefined) expect('kind' in answer).toBe(false);
    else if ('kind' in answer) expect(answer.origin).toBe(given.template);
    else expect(answer).toMatchObject({ transactionList: given.transactions.map(({ data }) => data) });
  }

  /** Every stream comes up with a template of the tip: then everybody is on it, with what was kept free for them. */
  settle(): void {
    this.grow();
    for (const space of this.server.wanted()) this.build(space, 3);
    const wanted = this.server.wanted();
    for (const { client, space } of this.clients.values()) {
      expect(client.current?.tip.prevHash).toEqual(this.server.view().prevHash);
      const own = this.given.get(client.current?.template.coinbaseTxValueRemaining ?? 0n)?.template.reserve;
      expect(wanted).toContainEqual(expect.objectContaining(own ?? { weight: 0 }));
      expect(own?.weight).toBeGreaterThanOrEqual(space.weight);
      if (wanted.length < RESERVATIONS) expect(own).toMatchObject({ weight: space.weight, sigops: space.sigops });
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

type Step = (world: World) => void;
const id = fc.integer({ min: 1, max: 6 });
const size = fc.constantFrom(0, 43, 300, 1000, 5000, 60_000, 999_000);
const steps = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.tuple(id, size, fc.constantFrom(0, 4, 400)).map(
    ([who, bytes, sigops]) =>
      (world) =>
        world.constrain(who, bytes, sigops),
  ),
  id.map((who) => (world) => world.leave(who)),
  id.map((who) => (world) => world.server.pause(who)),
  id.map((who) => (world) => world.deliver(world.server.resume(who, world.now))),
  fc.tuple(fc.nat(8), fc.nat(3), fc.constant(0)).map((args) => (world) => world.stream(...args)),
  fc.tuple(fc.nat(8), fc.nat(3), fc.constantFrom(0, 0, 1, 2)).map((args) => (world) => world.stream(...args)),
  fc.nat(4).map((index) => (world) => world.complete(index)),
  fc.constant((world) => world.whole()),
  fc.constant((world) => world.grow()),
  fc.constant((world) => {
    world.grow();
    world.announce();
  }),
  fc.boolean().map((does) => (world) => {
    world.server.emptyAhead = does;
  }),
  fc.constantFrom(10, 300, 5000, 12_000).map((ms) => (world) => world.tick(ms)),
  fc.constant((world) => world.server.withdraw(world.now)),
);

test('whatever happens, no client gets a template that keeps free less than it needs, nor one that may be forgotten (§7)', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (sequence) => {
      const world = new World();
      for (const step of sequence) {
        step(world);
        world.check();
      }
      world.settle();
      world.check();
      world.end();
    }),
    { numRuns: 400 },
  );
});
