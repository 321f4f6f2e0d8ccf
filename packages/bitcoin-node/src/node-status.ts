import type { Network } from '@sv2kit/bitcoin';
import type { Logger } from './host.ts';
import type { NodeHealth } from './node.ts';

/** What a node says of itself. */
export type StatusHealth = NodeHealth & { readonly state: 'connecting' | 'ok' | 'ibd' | 'away' };

type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up' }
  | { readonly kind: 'away'; readonly reason: string };

/** Why a node that answers gives no templates. */
export interface Hold {
  readonly kind: 'ibd' | 'away';
  readonly reason: string;
}

/** What is known of a node, and the log lines for each change of it. */
export class NodeStatus {
  readonly #log: Logger;
  readonly #isStandby: () => boolean;
  #link: Link = { kind: 'connecting' };
  #hold: Hold | undefined;
  #chain: Network | undefined;
  #tipHeight: number | undefined;
  #lastTemplateAtMs: number | undefined;
  readonly #listeners = new Set<() => void>();
  #told: Pick<StatusHealth, 'state' | 'reason'> = { state: 'connecting' };

  /** @param isStandby whether there is another way to the node, which works */
  constructor(log: Logger, isStandby: () => boolean = () => false) {
    this.#log = log;
    this.#isStandby = isStandby;
  }

  /** The node answered. */
  up(): void {
    this.#link = { kind: 'up' };
    this.#tell();
  }

  /** The node did not answer, or must not be used. */
  away(reason: string): void {
    this.#link = { kind: 'away', reason };
    this.#tell();
  }

  /** The node answers but has no templates to give. */
  hold(hold: Hold): void {
    this.#hold = hold;
    this.#tell();
  }

  /** Whoever had no templates for this reason does not ask any more. */
  release(hold: Hold | undefined): void {
    if (hold === undefined || this.#hold !== hold) return;
    this.#hold = undefined;
    this.#tell();
  }

  gotTemplate(height: number, atMs: number): void {
    this.#hold = undefined;
    this.#link = { kind: 'up' };
    this.#lastTemplateAtMs = atMs;
    this.#tipHeight = height - 1;
    this.#tell();
  }

  isOn(chain: Network): void {
    this.#chain = chain;
  }

  tipIs(height: number): void {
    this.#tipHeight = height;
  }

  /** Calls `listener` when the state or the reason to be away has changed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  get isAway(): boolean {
    return this.#link.kind !== 'up';
  }

  health(): StatusHealth {
    const reason = this.#reason();
    return {
      state: this.#state(),
      ...(reason === undefined ? {} : { reason }),
      ...(this.#chain === undefined ? {} : { chain: this.#chain }),
      ...(this.#tipHeight === undefined ? {} : { tipHeight: this.#tipHeight }),
      ...(this.#lastTemplateAtMs === undefined ? {} : { lastTemplateAtMs: this.#lastTemplateAtMs }),
    };
  }

  #state(): StatusHealth['state'] {
    if (this.#link.kind === 'up') return this.#hold?.kind ?? 'ok';
    return this.#link.kind;
  }

  #reason(): string | undefined {
    switch (this.#link.kind) {
      case 'connecting':
        return 'no answer from the node yet';
      case 'away':
        return this.#link.reason;
      case 'up':
        return this.#hold?.reason;
      default:
        return this.#link satisfies never;
    }
  }

  /** One line per change of state or of the reason to be away; the progress of a download goes without a word. */
  #tell(): void {
    const { state, ...facts } = this.health();
    if (state === this.#told.state && (state !== 'away' || facts.reason === this.#told.reason)) return;
    this.#told = this.health();
    for (const listener of this.#listeners) listener();
    switch (state) {
      case 'ok':
        return this.#log.info('node is ready', facts);
      case 'ibd':
        return this.#log.warn('node is still downloading the chain', facts);
      case 'away':
        if (this.#isStandby()) return this.#log.info('node is away this way, another one works', facts);
        return this.#log.warn('node is away', facts);
      case 'connecting':
        return;
      default:
        return state satisfies never;
    }
  }
}
