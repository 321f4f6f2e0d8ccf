import { mining, type Protocol, type SetupConnection, templateDistribution } from '@sv2kit/codec';
import {
  createEllSwiftKeypair,
  decodeEllSwift,
  finishInitiator,
  issueCertificate,
  publicKeyOf,
  respond,
  type ServerIdentity,
  startInitiator,
} from '@sv2kit/noise';
import {
  type ClientEvent,
  type ClientExtensions,
  ClientSession,
  type ClientSetup,
  type Ready,
  type ServerEvent,
  type ServerExtensions,
  ServerSession,
} from '../src/index.ts';

export const NOW = 1_700_000_000;
const seeded = (seed: number) => new Uint8Array(32).fill(seed);
const keypair = (seed: number) => createEllSwiftKeypair(seeded(seed), seeded(seed + 1));
const staticKey = keypair(3);
export const authority = publicKeyOf(seeded(9));
export const identity: ServerIdentity = {
  staticKey,
  certificate: issueCertificate({
    authoritySecret: seeded(9),
    staticPublicKey: decodeEllSwift(staticKey.encoded),
    validFrom: NOW - 3600,
    notValidAfter: NOW + 3600,
    auxRand: seeded(7),
  }),
};

export const clientSetup = (over: Partial<ClientSetup> = {}): ClientSetup => ({
  minVersion: 2,
  maxVersion: 2,
  flags: 0,
  endpointHost: 'localhost',
  endpointPort: 3333,
  vendor: 'test',
  hardwareVersion: '',
  firmware: '',
  deviceId: '',
  ...over,
});
export const setupMessage = (over: Partial<SetupConnection> = {}): SetupConnection => ({
  type: 'SetupConnection',
  protocol: mining.number,
  ...clientSetup(),
  ...over,
});

export interface PairOptions {
  readonly secure?: boolean;
  readonly protocol?: Protocol;
  readonly setup?: Partial<ClientSetup>;
  readonly client?: ClientExtensions;
  readonly server?: ServerExtensions;
  readonly serverFlags?: number;
  readonly onSetup?: (server: ServerSession, setup: SetupConnection) => Ready | undefined;
}

/** A client and a server joined by memory, and everything that each of them reported. */
export class Pair {
  readonly client: ClientSession;
  readonly server: ServerSession;
  readonly clientEvents: ClientEvent<unknown>[] = [];
  readonly serverEvents: ServerEvent<unknown>[] = [];
  readonly #options: PairOptions;
  readonly #initiator = startInitiator(keypair(20));

  constructor(options: PairOptions = {}) {
    this.#options = options;
    const secure = options.secure ?? false;
    this.server = new ServerSession({
      security: secure ? 'noise' : 'plain',
      offers: [
        { protocol: mining, flags: options.serverFlags ?? 0b111 },
        { protocol: templateDistribution, flags: 0 },
      ],
      ...(options.server && { extensions: options.server }),
    });
    this.client = new ClientSession({
      protocol: options.protocol ?? mining,
      setup: clientSetup(options.setup),
      ...(options.client && { extensions: options.client }),
      act1: secure ? this.#initiator.act1 : undefined,
    });
  }

  /** Carries bytes both ways until neither side has any left. */
  pump(): void {
    for (;;) {
      const up = this.client.drain();
      const down = this.server.drain();
      if (up === undefined && down === undefined) return;
      if (up !== undefined) this.toServer(up);
      if (down !== undefined) this.toClient(down);
    }
  }

  toServer(bytes: Uint8Array): void {
    for (const event of this.server.receive(bytes)) {
      this.serverEvents.push(event);
      if (event.type === 'handshake') {
        const { act2, ...keys } = respond(event.act, keypair(30), identity);
        this.server.completeHandshake({ keys, reply: act2 });
      }
      if (event.type !== 'setup') continue;
      const ready = (this.#options.onSetup ?? ((server) => server.accept(0)))(this.server, event.setup);
      if (ready !== undefined) this.serverEvents.push(ready);
    }
  }

  toClient(bytes: Uint8Array): void {
    for (const event of this.client.receive(bytes)) {
      this.clientEvents.push(event);
      if (event.type !== 'handshake') continue;
      const keys = finishInitiator(this.#initiator.state, event.act, { authority, now: NOW });
      this.client.completeHandshake({ keys });
    }
  }
}

/** A pair that is set up, its events so far forgotten. */
export function readyPair(options: PairOptions = {}): Pair {
  const pair = new Pair(options);
  pair.pump();
  pair.clientEvents.length = 0;
  pair.serverEvents.length = 0;
  return pair;
}
