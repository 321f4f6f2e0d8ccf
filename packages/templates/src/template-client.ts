import type {
  CoinbaseOutputConstraints,
  NewTemplate,
  RequestTransactionData,
  RequestTransactionDataError,
  RequestTransactionDataSuccess,
  TemplateSetNewPrevHash,
  TemplatesFromServer,
} from '@sv2kit/codec';
import type { CoinbaseConstraints } from './coinbase-space.ts';
import { type WorkTemplate, workTemplate, type WorkTip, workTip } from './work-template.ts';

/** Why a message changed nothing. */
export type IgnoredReason =
  /** A template before CoinbaseOutputConstraints was sent: it leaves no room for our outputs. */
  | 'before-constraints'
  /** A template for immediate use before any SetNewPrevHash. */
  | 'no-tip'
  /** Transaction data that nobody asked for. */
  | 'not-requested'
  /** Not a message of §7. */
  | 'not-about-templates';

/** What a message of the server means. */
export type TemplateEvent =
  /** To be prepared, not to be mined. */
  | { readonly kind: 'future-template'; readonly template: WorkTemplate }
  /** The tip changed: everything older is stale, mine this. */
  | { readonly kind: 'activated'; readonly template: WorkTemplate; readonly tip: WorkTip }
  /** Better work on the same tip. */
  | { readonly kind: 'update'; readonly template: WorkTemplate; readonly tip: WorkTip }
  /** The tip changed to one for which there is no template: everything older is stale, nothing can be mined yet. */
  | { readonly kind: 'tip-without-template'; readonly tip: WorkTip }
  /** Opaque transactions in block order; views onto the received payload. */
  | {
      readonly kind: 'transaction-data';
      readonly templateId: bigint;
      readonly transactions: readonly Uint8Array[];
      readonly excessData: Uint8Array;
    }
  | { readonly kind: 'transaction-data-refused'; readonly templateId: bigint; readonly errorCode: string }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason };

type State =
  /** No constraints sent: the server has nothing to say. */
  | { readonly phase: 'silent' }
  /** Waiting for the first tip. */
  | { readonly phase: 'listening' }
  /** On a tip without a template. */
  | { readonly phase: 'idle'; readonly tip: WorkTip }
  | { readonly phase: 'working'; readonly tip: WorkTip; readonly template: WorkTemplate };

export interface TemplateClientLimits {
  /** Future templates kept; the oldest goes first. */
  readonly futureTemplates: number;
  /** Transaction-data requests without an answer; the oldest is forgotten first. */
  readonly pendingRequests: number;
}

export const TEMPLATE_CLIENT_LIMITS: TemplateClientLimits = { futureTemplates: 16, pendingRequests: 16 };

/** The client's side of template distribution (§7) without its socket: server messages in, events out. */
export class TemplateClient {
  readonly #limits: TemplateClientLimits;
  readonly #future = new Map<bigint, WorkTemplate>();
  readonly #requested = new Set<bigint>();
  #state: State = { phase: 'silent' };

  constructor(limits: Partial<TemplateClientLimits> = {}) {
    this.#limits = { ...TEMPLATE_CLIENT_LIMITS, ...limits };
  }

  /** What to mine now; undefined while there is nothing. */
  get current(): { readonly template: WorkTemplate; readonly tip: WorkTip } | undefined {
    return this.#state.phase === 'working' ? this.#state : undefined;
  }

  /** Future templates held, oldest first. */
  get futureTemplates(): readonly WorkTemplate[] {
    return [...this.#future.values()];
  }

  /**
   * The first message to send (§7), and again whenever the coinbase outputs outgrow it. Templates that were under way
   * keep to the old space: use larger outputs from the next 'activated' event on.
   */
  constraints(constraints: CoinbaseConstraints): CoinbaseOutputConstraints {
    if (this.#state.phase === 'silent') this.#state = { phase: 'listening' };
    return { type: 'CoinbaseOutputConstraints', ...constraints };
  }

  /** Asks for a template's transactions (§7.4). */
  requestTransactionData(templateId: bigint): RequestTransactionData {
    this.#requested.add(templateId);
    trim(this.#requested, this.#limits.pendingRequests);
    return { type: 'RequestTransactionData', templateId };
  }

  /**
   * What a message of the server means.
   *
   * @throws ProtocolError `coinbase-prefix-too-long`
   */
  receive(message: TemplatesFromServer): TemplateEvent {
    switch (message.type) {
      case 'NewTemplate':
        return this.#onNewTemplate(message);
      case 'SetNewPrevHash':
        return this.#onSetNewPrevHash(message);
      case 'RequestTransactionDataSuccess':
        return this.#onTransactionData(message);
      case 'RequestTransactionDataError':
        return this.#onTransactionDataError(message);
      default:
        return ignored('not-about-templates');
    }
  }

  #onNewTemplate(message: NewTemplate): TemplateEvent {
    const state = this.#state;
    if (state.phase === 'silent') return ignored('before-constraints');
    const template = workTemplate(message);
    if (message.futureTemplate) {
      // its SetNewPrevHash may have overtaken it
      if (state.phase === 'idle' && state.tip.templateId === template.templateId) {
        return this.#work('activated', template, state.tip);
      }
      this.#future.set(template.templateId, template);
      trim(this.#future, this.#limits.futureTemplates);
      return { kind: 'future-template', template };
    }
    switch (state.phase) {
      case 'listening':
        return ignored('no-tip');
      case 'idle':
        return this.#work('activated', template, state.tip);
      case 'working':
        return this.#work('update', template, state.tip);
      default:
        return state satisfies never;
    }
  }

  #onSetNewPrevHash(message: TemplateSetNewPrevHash): TemplateEvent {
    const state = this.#state;
    if (state.phase === 'silent') return ignored('before-constraints');
    const tip = workTip(message);
    const template = this.#future.get(tip.templateId) ?? repeated(state, tip);
    this.#future.clear(); // the others were for this tip too (§7.3)
    if (template !== undefined) return this.#work('activated', template, tip);
    this.#state = { phase: 'idle', tip };
    return { kind: 'tip-without-template', tip };
  }

  #onTransactionData({ templateId, transactionList, excessData }: RequestTransactionDataSuccess): TemplateEvent {
    if (!this.#requested.delete(templateId)) return ignored('not-requested');
    return { kind: 'transaction-data', templateId, transactions: transactionList, excessData };
  }

  #onTransactionDataError({ templateId, errorCode }: RequestTransactionDataError): TemplateEvent {
    if (!this.#requested.delete(templateId)) return ignored('not-requested');
    return { kind: 'transaction-data-refused', templateId, errorCode };
  }

  /** listening | idle | working -> working */
  #work(kind: 'activated' | 'update', template: WorkTemplate, tip: WorkTip): TemplateEvent {
    this.#state = { phase: 'working', template, tip };
    return { kind, template, tip };
  }
}

/** Some servers name the active template again, for a later timestamp or another difficulty on the same tip. */
function repeated(state: State, tip: WorkTip): WorkTemplate | undefined {
  if (state.phase !== 'working' || state.template.templateId !== tip.templateId) return undefined;
  return state.tip.prevHash.every((byte, index) => byte === tip.prevHash[index]) ? state.template : undefined;
}

function ignored(reason: IgnoredReason): TemplateEvent {
  return { kind: 'ignored', reason };
}

/** Forgets the oldest entries of a map or set beyond a bound. */
function trim(entries: Map<bigint, unknown> | Set<bigint>, most: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(key);
  }
}
