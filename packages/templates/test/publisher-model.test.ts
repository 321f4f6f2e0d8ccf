import { decodePayload, encodeFrame, HEADER_SIZE, templateDistribution } from '@sv2kit/codec';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coinbaseSpace, type Delivery, TemplateClient, type TemplatePublisher } from '../src/index.ts';
import { dataOf, hashOf, NOW, publisher, template, tip, transaction } from './builders.ts';

/** A client at the other end of a wire, which holds the server to its promises. */
class CheckedClient {
  readonly #client = new TemplateClient();
  #lastId = 0n;
  #size = 0;

  constraints(size: number) {
    this.#size = size;
    return this.#client.constraints({ coinbaseOutputMaxAdditionalSize: size, coinbaseOutputMaxAdditionalSigops: 0 });
  }

  take(message: Delivery['messages'][number]): void {
    const definition = templateDistribution.fromServer.named(message.type);
    const wire = encodeFrame(definition, message).subarray(HEADER_SIZE);
    if (message.type === 'NewTemplate') {
      expect(message.templateId).toBeGreaterThan(this.#lastId);
      this.#lastId = message.templateId;
    }
    const event = this.#client.receive(decodePayload(definition, wire));
    expect(['future-template', 'activated', 'update']).toContain(event.kind);
  }

  check(server: TemplatePublisher, now: number, weights: ReadonlyMap<string, number>): void {
    const { phase, prevHash } = server.view();
    const { current } = this.#client;
    if (phase === 'waiting' || current === undefined) {
      expect(phase).toBe('waiting');
      return;
    }
    expect(current.tip.prevHash).toEqual(prevHash);
    const { templateId } = current.template;
    const coinbaseTx = new Uint8Array(0);
    const solution = { type: 'SubmitSolution', templateId, version: 0, headerTimestamp: 0, headerNonce: 0 } as const;
    expect(server.solve({ ...solution, coinbaseTx })).toMatchObject({ code: 'malformed-coinbase' }); // found, active
    const data = dataOf(server, templateId, now);
    if (data.type !== 'RequestTransactionDataSuccess') throw new Error(data.errorCode);
    const space = coinbaseSpace({ coinbaseOutputMaxAdditionalSize: this.#size, coinbaseOutputMaxAdditionalSigops: 0 });
    const weight = data.transactionList.reduce(
      (sum, bytes) => sum + (weights.get(bytes.toString()) ?? 0),
      space.weight,
    );
    expect(weight).toBeLessThanOrEqual(4_000_000);
  }
}

/** A server, its clients, and a chain whose blocks are named by numbers. */
class World {
  readonly server = publisher();
  readonly clients = new Map<number, CheckedClient>();
  readonly weights = new Map<string, number>();
  now = NOW;
  #name = 1000;
  #height = 1000;
  #parent = 999;
  #transactions = 0;

  deliver(deliveries: Iterable<Delivery>): void {
    for (const { clients, messages } of deliveries) {
      expect(clients.length).toBeGreaterThan(0);
      for (const id of clients) for (const message of messages) this.clients.get(id)?.take(message);
    }
  }

  constrain(id: number, size: number): void {
    const client = this.clients.get(id) ?? new CheckedClient();
    this.clients.set(id, client);
    this.deliver(this.server.setConstraints(id, client.constraints(size), this.now));
  }

  leave(id: number): void {
    this.clients.delete(id);
    this.server.remove(id);
  }

  /** The node builds on the block called `name`. */
  template(transactions: number, name = this.#name, height = this.#height + 1): void {
    const list = Array.from({ length: transactions }, () => {
      const weight = 300_000 + (this.#transactions % 5) * 10_000;
      const made = transaction({ name: this.#transactions++, fee: 700n, weight });
      this.weights.set(made.data.toString(), weight);
      return made;
    });
    const node = template(height, list, { prevHash: hashOf(name), receivedAtMs: this.now });
    this.deliver(this.server.publish(node, this.now));
  }

  late(): void {
    this.template(1, this.#parent, this.#height);
  }

  grow(): void {
    this.#parent = this.#name++;
    this.#height++;
  }

  reorganise(): void {
    this.#name += 1000;
    this.#parent = this.#name - 1;
  }

  announce(): void {
    const news = tip(this.#height, { hash: hashOf(this.#name), previousHash: hashOf(this.#parent) });
    this.deliver(this.server.announceTip(news, this.now));
  }

  tick(ms: number): void {
    this.now += ms;
    this.deliver(this.server.tick(this.now));
  }

  check(): void {
    for (const client of this.clients.values()) client.check(this.server, this.now, this.weights);
  }
}

type Step = (world: World) => void;
const id = fc.integer({ min: 1, max: 4 });
const steps = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.tuple(id, fc.integer({ min: 0, max: 999_708 })).map(
    ([who, size]) =>
      (world) =>
        world.constrain(who, size),
  ),
  id.map((who) => (world) => world.leave(who)),
  id.map((who) => (world) => world.server.pause(who)),
  id.map((who) => (world) => world.deliver(world.server.resume(who, world.now))),
  fc.integer({ min: 0, max: 14 }).map((count) => (world) => world.template(count)),
  fc.constant((world) => world.grow()),
  fc.constant((world) => world.reorganise()),
  fc.constant((world) => world.late()),
  fc.constant((world) => world.announce()),
  fc.constant((world) => {
    world.grow();
    world.announce();
  }),
  fc.integer({ min: 0, max: 12_000 }).map((ms) => (world) => world.tick(ms)),
  fc.constant((world) => world.server.withdraw(world.now)),
);

test('whatever happens, every client has valid work on the server’s tip, under rising ids, in an order it can follow (§7)', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (sequence) => {
      const world = new World();
      for (const step of sequence) {
        step(world);
        world.check();
      }
    }),
    { numRuns: 300 },
  );
});
