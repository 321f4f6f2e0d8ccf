import { displayHash } from '@sv2kit/bitcoin';
import type { JobTip } from '@sv2kit/bitcoin-node';
import { DECLARE_TX_DATA, type JobDeclarationFromClient, type JobDeclarationFromServer } from '@sv2kit/codec';
import type { Clock, Logger } from '@sv2kit/daemon';
import {
  type CheckResult,
  type DeclarationEffect,
  type DeclarationPeer,
  type Declarations,
  type JobMode,
  type Solution,
} from '@sv2kit/declaration';
import type { Events } from '@sv2kit/monitor';
import type { Accepted, Connection } from '@sv2kit/net';
import type { BlockDesk } from './block-desk.ts';
import { CheckDesk } from './check-desk.ts';
import { JD_SERVER_LIMITS } from './limits.ts';
import type { NodeBench } from './node-bench.ts';
import type { Tally } from './tally.ts';

export interface DeclarationServerDeps {
  readonly declarations: Declarations;
  readonly bench: Pick<NodeBench, 'check' | 'held' | 'release' | 'tip'>;
  readonly desk: Pick<BlockDesk, 'found' | 'onTip'>;
  readonly tally: Tally;
  readonly events: Pick<Events, 'emit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

type ClientConnection = Connection<JobDeclarationFromServer>;

/** Somebody who declares jobs. */
export interface Client {
  readonly connection: ClientConnection;
  readonly mode: JobMode;
  /** When it connected, unix ms. */
  readonly sinceMs: number;
}

/** Carries messages, the node's answers and time to the declarations, and out what they want done. */
export class DeclarationServer {
  readonly #deps: DeclarationServerDeps;
  readonly #clients = new Map<number, Client>();
  readonly #checks: CheckDesk;
  #shedAtMs = 0;
  #toldTip = '';

  constructor(deps: DeclarationServerDeps) {
    this.#deps = deps;
    const { bench, log } = deps;
    this.#checks = new CheckDesk({ bench, log, onResult: (check, result) => this.#onResult(check, result) });
  }

  /** Everybody that is connected, the longest first. */
  get clients(): readonly Client[] {
    return [...this.#clients.values()];
  }

  /** A client has set up its connection. */
  accept(connection: ClientConnection): Accepted<JobDeclarationFromClient> {
    const { declarations, clock, log } = this.#deps;
    const { id, remote, setup } = connection;
    const mode: JobMode = (setup.flags & DECLARE_TX_DATA) === 0 ? 'coinbase-only' : 'full-template';
    const peer = declarations.connect(id, mode, clock.now());
    this.#clients.set(id, { connection, mode, sinceMs: clock.now() });
    const clientLog = log.child({ client: id });
    clientLog.info('client connected', { ...remote, mode, vendor: setup.vendor });
    return {
      kind: 'accept',
      handler: {
        onMessage: (message) => this.#onMessage(connection, peer, message),
        onClose: ({ code }) => {
          this.#clients.delete(id);
          declarations.disconnect(id);
          this.#carryOut();
          clientLog.info('client gone', { reason: code });
        },
      },
    };
  }

  /** Whether a declared job waits for the answer of a node. */
  get isChecking(): boolean {
    return this.#checks.size > 0;
  }

  /** The node may have another tip. */
  onTip(): void {
    const { bench, desk } = this.#deps;
    const { tip } = bench;
    if (tip !== undefined) {
      desk.onTip(tip.hash);
      this.#tellTip(tip);
    }
    this.#syncTip();
    this.#carryOut();
  }

  #tellTip({ hash, height }: JobTip): void {
    const name = displayHash(hash);
    if (name === this.#toldTip) return;
    this.#toldTip = name;
    this.#deps.events.emit({ type: 'tip', hash: name, height });
  }

  /** Time passes. */
  tick(): void {
    this.#syncTip();
    this.#deps.declarations.tick(this.#deps.clock.now());
    this.#carryOut();
  }

  /** Forgets older jobs before the nodes hold so much for them that they check no more. */
  makeRoom(): void {
    const { bench, clock, declarations, log } = this.#deps;
    const now = clock.now();
    if (bench.held <= JD_SERVER_LIMITS.heldPart || now < this.#shedAtMs + JD_SERVER_LIMITS.shedEveryMs) return;
    this.#shedAtMs = now;
    log.warn('the nodes hold much for declared jobs: older ones are forgotten', { held: bench.held });
    declarations.shed();
    this.#carryOut();
  }

  /** A block on a declared job, found by who is no client. @returns whether any declared job is solved by it */
  solve(solution: Solution): boolean {
    const solved = this.#deps.declarations.solve(solution);
    this.#deps.tally.solution(solved === undefined ? 'no-block' : 'block');
    if (solved !== undefined) this.#deps.desk.found(solved);
    return solved !== undefined;
  }

  /** Checks that are under way are given up. */
  close(): void {
    this.#checks.close();
  }

  #onMessage(connection: ClientConnection, peer: DeclarationPeer, message: JobDeclarationFromClient): void {
    connection.markInUse();
    // First, so that no job is judged by a tip that the node has left.
    this.#syncTip();
    try {
      peer.receive(message, this.#deps.clock.now());
    } finally {
      this.#carryOut();
    }
  }

  #syncTip(): void {
    const { declarations, bench, clock } = this.#deps;
    declarations.setTip(bench.tip, clock.now());
  }

  #carryOut(): void {
    for (const effect of this.#deps.declarations.drain()) this.#do(effect);
  }

  #do(effect: DeclarationEffect): void {
    const { bench, desk, tally } = this.#deps;
    switch (effect.kind) {
      case 'send':
        return this.#clients.get(effect.peer)?.connection.send(effect.message);
      case 'check':
        return this.#checks.check(effect.peer, effect.check, effect.job);
      case 'cancel':
        return this.#checks.cancel(effect.check);
      case 'release':
        return bench.release(effect.handle);
      case 'submit':
        return desk.found(effect.solved);
      case 'report':
        return tally.note(effect.peer, effect.event);
      default:
        effect satisfies never;
    }
  }

  #onResult(check: number, result: CheckResult): void {
    this.#syncTip();
    this.#deps.declarations.checked(check, result, this.#deps.clock.now());
    this.#carryOut();
  }
}
