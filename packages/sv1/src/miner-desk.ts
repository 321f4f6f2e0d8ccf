import { configureAnswer, type Subscription, writeConfigured, writeSubscription } from './answers.ts';
import { type Id, writeError, writeResult, writeYes } from './envelope.ts';
import type { StratumError } from './errors.ts';
import type { WorkLine } from './jobs.ts';
import type { Sv1Limits } from './limits.ts';
import { MinerFeed } from './miner-feed.ts';
import type { Authorise, Configure, Submit, Subscribe } from './miner-requests.ts';
import { Outbox } from './outbox.ts';
import { type Reconnect, writePoolMessage } from './pool-messages.ts';
import type { Answerable, ServerState, VersionRolling } from './server-events.ts';
import { Unanswered } from './unanswered.ts';
import { commonMask } from './version-rolling.ts';
import { Workers } from './workers.ts';

/** What the server's side of configure can offer. */
export interface Offer {
  /** Version bits that the upstream lets roll; 0 for none. */
  readonly versionMask: number;
  /** Whether the miner's minimum difficulty will be kept. */
  readonly minimumDifficulty?: boolean;
}

/** Where a miner's subscription stands. */
type SubscriptionState =
  | { readonly kind: 'none' }
  /** Asked once; `also` has the ids of those who asked meanwhile. */
  | { readonly kind: 'asked'; readonly also: Id[] }
  | { readonly kind: 'given'; readonly subscription: Subscription };

/** What the host says to one V1 miner: answers and work, queued until `drain`. */
export class MinerDesk {
  protected readonly outbox: Outbox = new Outbox();
  protected readonly workers: Workers;
  protected readonly unanswered: Unanswered<Answerable>;
  protected subscribing: SubscriptionState = { kind: 'none' };
  protected takesExtranonce = false;
  readonly #feed: MinerFeed = new MinerFeed(this.outbox);
  #state: ServerState = { phase: 'fresh' };
  #rolling: VersionRolling = { kind: 'not-asked' };
  #offered = 0;

  constructor(limits: Sv1Limits) {
    this.workers = new Workers(limits.workers);
    this.unanswered = new Unanswered(limits.unansweredRequests);
  }

  get state(): ServerState {
    return this.#state;
  }

  get versionRolling(): VersionRolling {
    return this.#rolling;
  }

  /**
   * Version bits that this miner's shares may roll. A miner that never asked may still send some: a rental proxy hands on
   * what its own miners roll, so the offer counts for it.
   */
  get versionMask(): number {
    return this.#rolling.kind === 'settled' ? this.#rolling.mask : this.#offered;
  }

  /** What the miner's next job will use, once a subscription is answered. */
  get subscription(): Subscription | undefined {
    return this.subscribing.kind === 'given' ? this.subscribing.subscription : undefined;
  }

  /** Whether a user name may submit. */
  isAuthorised(username: string): boolean {
    return this.workers.isGranted(username);
  }

  /** What has to be written, in one piece. Not to be changed: a job's bytes are shared between miners. */
  drain(): Uint8Array | undefined {
    return this.outbox.drain();
  }

  /** Answers mining.configure with what it asked for and nothing else; the mask is what both sides allow. */
  configured(request: Configure, offer: Offer): void {
    this.unanswered.settle(request);
    const { versionRolling } = request;
    this.#offered = offer.versionMask;
    const mask = versionRolling === undefined ? 0 : commonMask(offer.versionMask, versionRolling.mask);
    if (versionRolling !== undefined) this.#rolling = { kind: 'settled', asked: versionRolling.mask, mask };
    if (request.subscribeExtranonce === true) this.takesExtranonce = true;
    this.outbox.add(writeConfigured(request.id, configureAnswer(request, mask, offer.minimumDifficulty === true)));
  }

  /** Answers mining.subscribe. fresh -> subscribed, authorised -> mining */
  subscribed(request: Subscribe, subscription: Subscription): void {
    this.unanswered.settle(request);
    const also = this.subscribing.kind === 'asked' ? this.subscribing.also : [];
    this.subscribing = { kind: 'given', subscription };
    for (const id of [request.id, ...also]) this.outbox.add(writeSubscription(id, subscription));
    if (this.#state.phase === 'fresh') this.#state = { phase: 'subscribed' };
    else if (this.#state.phase === 'authorised') this.#startMining();
  }

  /** Answers mining.authorize with yes. fresh -> authorised, subscribed -> mining */
  authorised(request: Authorise): void {
    this.unanswered.settle(request);
    this.workers.grant(request.username);
    this.outbox.add(writeResult(request.id, true));
    if (this.#state.phase === 'fresh') this.#state = { phase: 'authorised' };
    else if (this.#state.phase === 'subscribed') this.#startMining();
  }

  /** Answers mining.submit with yes. */
  accepted(request: Submit): void {
    this.unanswered.settle(request);
    this.outbox.add(writeYes(request.id));
  }

  /** Answers any request with no. */
  refuse(request: Answerable, error: StratumError): void {
    this.unanswered.settle(request);
    if (request.type === 'authorise') this.workers.refuse(request.username);
    this.outbox.add(writeError(request.id, error));
    if (request.type !== 'subscribe' || this.subscribing.kind !== 'asked') return;
    for (const id of this.subscribing.also) this.outbox.add(writeError(id, error));
    this.subscribing = { kind: 'none' };
  }

  /**
   * Gives the miner a job, or keeps it until the miner is ready; the latest counts. The first one, and one with a new
   * extranonce, are always clean.
   *
   * @param difficulty of the job's shares; sent in front of it when it is another than before
   * @returns whether it went out
   */
  sendJob(line: WorkLine, difficulty: number): boolean {
    return this.#feed.send({ line, difficulty });
  }

  /**
   * Changes the miner's extranonce with its next job.
   *
   * @returns false when the miner has not asked for such changes: it has to reconnect
   */
  setExtranonce(subscription: Subscription): boolean {
    if (this.subscribing.kind !== 'given' || !this.takesExtranonce) return false;
    this.subscribing = { kind: 'given', subscription };
    this.#feed.nextExtranonce = subscription;
    return true;
  }

  /**
   * The version bits that the upstream allows, now known or changed. A miner that has settled its own is told if they
   * change; jobs sent before keep the mask that they were sent with.
   */
  setVersionMask(upstream: number): void {
    this.#offered = upstream;
    const rolling = this.#rolling;
    if (rolling.kind !== 'settled') return;
    const mask = commonMask(upstream, rolling.asked);
    if (mask === rolling.mask) return;
    this.#rolling = { ...rolling, mask };
    if (this.#state.phase === 'mining') this.#tellMask(mask);
  }

  /** Sends the miner to another server, or to this one again. */
  reconnect(to: Omit<Reconnect, 'type'>): void {
    this.outbox.add(writePoolMessage({ type: 'reconnect', ...to }));
  }

  /** Shows a text on the miner's screen, if it has one. */
  showMessage(text: string): void {
    this.outbox.add(writePoolMessage({ type: 'show-message', text }));
  }

  /** Asks what the miner is; a `version` event may follow. */
  askVersion(): void {
    this.outbox.add(writePoolMessage({ type: 'get-version', id: VERSION_ID }));
  }

  #startMining(): void {
    this.#state = { phase: 'mining' };
    if (this.#rolling.kind === 'settled' && this.#rolling.mask !== 0) this.#tellMask(this.#rolling.mask);
    this.#feed.open();
  }

  #tellMask(mask: number): void {
    this.outbox.add(writePoolMessage({ type: 'set-version-mask', mask }));
  }
}

/** Id of our own client.get_version; miners answer it with the same. */
export const VERSION_ID: Id = '1';
