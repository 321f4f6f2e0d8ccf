import type { Work } from '@sv2kit/mining';
import type { CloseReason, Leaver, WatchableWire, Wire, WireConnection } from '@sv2kit/net';
import {
  type Authorise,
  type PasswordFields,
  type Sv1ServerEvent,
  splitUsername,
  Sv1ServerSession,
  stratumError,
  type Submit,
} from '@sv2kit/sv1';
import type { FirmwareProfile, TranslatedJob } from '@sv2kit/translation';
import { Allowance } from './allowance.ts';
import type { Seat } from './book.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import { MinerGreeting } from './miner-greeting.ts';
import { MINER_END_REASONS, type MinerEndReason, type MinerHost } from './miner-host.ts';
import { MinerShares } from './miner-shares.ts';
import type { MinerTally } from './miner-tally.ts';
import { MinerTurn } from './miner-turn.ts';
import { MinerWork } from './miner-work.ts';
import { BANNED, isOfAccount, OTHER_ACCOUNT } from './refusals.ts';

/** How far a miner has come. */
type State =
  /** It has not asked to be authorised, or was refused. */
  | { readonly phase: 'arriving' }
  /** It has asked; its channel is not there yet. */
  | { readonly phase: 'waiting'; readonly requests: Authorise[]; readonly sinceMs: number }
  | { readonly phase: 'seated'; readonly seat: Seat }
  /** Its channel is gone, another is sought; it goes on with what it has. */
  | { readonly phase: 'adrift' }
  | { readonly phase: 'gone' };

/** One Stratum V1 miner: what it says, what it is told, and the judgement of its shares. */
export class Miner implements Wire, Leaver {
  readonly index: number;
  readonly session = new Sv1ServerSession();
  readonly connection: WireConnection;
  readonly #host: MinerHost;
  readonly #work: MinerWork;
  readonly #turn: MinerTurn;
  readonly #shares: MinerShares;
  readonly #greeting: MinerGreeting;
  readonly #bytes: Allowance;
  readonly sinceMs: number;
  #state: State = { phase: 'arriving' };
  #username = '';
  #refusedAuthorisations = 0;

  constructor(connection: WireConnection, index: number, host: MinerHost) {
    const nowMs = host.clock.now();
    this.connection = connection;
    this.index = index;
    this.sinceMs = nowMs;
    this.#host = host;
    this.#work = new MinerWork(host, this.session, index);
    this.#turn = new MinerTurn(this, this.#work, host);
    const { sharesPerSecond } = host;
    const { burstSeconds, bytesPerSecond, bytesAtOnce, bytesOfShare } = TRANSLATOR_LIMITS;
    this.#shares = new MinerShares(this, this.session, this.#work, host);
    this.#greeting = new MinerGreeting(this, this.session, this.#work, host);
    const burst = bytesAtOnce + sharesPerSecond * burstSeconds * bytesOfShare;
    this.#bytes = new Allowance(bytesPerSecond + sharesPerSecond * bytesOfShare, burst, nowMs);
  }

  /** Names it where it has no other name. */
  get number(): number {
    return this.index + 1;
  }

  /** The name that it was authorised by first. */
  get username(): string {
    return this.#username;
  }

  get phase(): State['phase'] {
    return this.#state.phase;
  }

  get hasMined(): boolean {
    return this.#work.begun;
  }

  get hashrate(): number {
    return this.#work.hashrate;
  }

  get difficulty(): number | undefined {
    return this.#work.difficulty;
  }

  /** Whether nothing has been said against its shares of late. */
  get isGood(): boolean {
    return this.#shares.isGood;
  }

  /** Names that it mines under. */
  get workers(): number {
    return this.#shares.workers.count;
  }

  /** The upstream's id of the job that it works on. */
  get jobId(): number | undefined {
    return this.#work.jobId;
  }

  get tally(): MinerTally {
    return this.#shares.tally;
  }

  get profile(): FirmwareProfile {
    return this.#work.profile;
  }

  get watchable(): WatchableWire {
    const { session } = this;
    return {
      protocol: 'v1',
      get device() {
        return session.userAgent;
      },
      tap: (listener) => session.tap(listener),
    };
  }

  receive(chunk: Uint8Array): void {
    const nowMs = this.#host.clock.now();
    if (!this.#bytes.take(chunk.length, nowMs)) return this.end('byte-flood');
    for (const event of this.session.receive(chunk)) {
      this.#onEvent(event, nowMs);
      if (this.#state.phase === 'gone') return;
    }
  }

  drain(): Uint8Array | undefined {
    return this.session.drain();
  }

  onDrain(): void {
    this.#turn.queue();
  }

  onClose({ code }: CloseReason): void {
    this.#leave();
    this.#host.onGone(this, code);
  }

  get isGone(): boolean {
    return this.#state.phase === 'gone';
  }

  /** Shares are answered when they come. */
  get isSettled(): boolean {
    return true;
  }

  /** It is asked to come back; firmware that does not know how finds its connection closed soon after. */
  part(): void {
    if (this.#state.phase !== 'arriving') this.session.reconnect({ host: undefined, port: undefined, waitSeconds: 0 });
    this.connection.flushSoon();
  }

  /** any -> gone; who waits for an answer gets one */
  end(reason: MinerEndReason = 'shutdown'): void {
    const requests = this.#state.phase === 'waiting' ? this.#state.requests : [];
    const error = stratumError('unauthorised', MINER_END_REASONS[reason]);
    for (const request of requests) this.session.refuse(request, error);
    this.#leave();
    this.connection.end(reason);
  }

  /** A mistake of ours ends this one connection. */
  failed(error: unknown): void {
    this.#host.metrics.net.bugs.inc();
    const stack = error instanceof Error ? error.stack : String(error);
    this.#host.log.error('serving a miner failed', { peer: this.connection.id, stack });
    this.end('internal-error');
  }

  /** waiting, adrift -> seated: its shares have somewhere to go */
  seated(seat: Seat): void {
    const { phase } = this.#state;
    if (phase !== 'waiting' && phase !== 'adrift') return;
    const requests = this.#state.phase === 'waiting' ? this.#state.requests : [];
    this.#state = { phase: 'seated', seat };
    if (phase === 'waiting') this.#opened();
    for (const request of requests) this.session.authorised(request);
    const { id: peer, remote } = this.connection;
    const { address } = remote;
    this.#host.log.debug('a miner has work', {
      miner: this.username,
      peer,
      address,
      userAgent: this.session.userAgent,
    });
    this.connection.markInUse();
    this.connection.flushSoon();
  }

  /** waiting -> arriving: the upstream opens no channel for it; a miner that has mined is let go */
  refused(code: string, words = `The upstream refuses: ${code}`): void {
    if (this.#state.phase === 'adrift') return this.end('channel-refused');
    if (this.#state.phase !== 'waiting') return;
    const { requests } = this.#state;
    this.#state = { phase: 'arriving' };
    this.#host.book.leave(this);
    this.#refuseAuthorisations(requests, words);
  }

  #refuseAuthorisations(requests: readonly Authorise[], words: string): void {
    for (const request of requests) this.session.refuse(request, stratumError('unauthorised', words));
    this.#refusedAuthorisations += requests.length;
    if (this.#refusedAuthorisations >= TRANSLATOR_LIMITS.refusedAuthorisations) return this.end('channel-refused');
    this.connection.flushSoon();
  }

  /** seated -> adrift */
  adrift(): void {
    if (this.#state.phase !== 'seated') return;
    this.#state = { phase: 'adrift' };
    this.#turn.drop();
  }

  /** Work is there for it; it goes out when its turn comes, or the latest once it keeps up again. */
  offer(seat: Seat, work: Work, job: TranslatedJob, clean: boolean): void {
    const { channel } = seat;
    if (this.#state.phase === 'seated' && channel !== undefined) this.#turn.give({ work, job, channel }, clean);
  }

  /** Time passes: is a job due again, or has it waited too long? */
  tick(nowMs: number): void {
    const state = this.#state;
    if (state.phase === 'waiting' && nowMs - state.sinceMs > this.#host.authoriseMs)
      return this.end('authorise-timeout');
    if (this.#work.isStarving(nowMs)) this.#turn.giveAgain('keep-alive');
    else this.#lookAtDifficulty(nowMs);
  }

  /** Its shares are bad: what it has may be why. */
  giveNewWork(): void {
    this.#turn.giveAgain('new-work');
  }

  /** Shares of its own that the upstream has acknowledged. */
  credited(count: number): void {
    this.tally.credited += count;
  }

  /** A share of its own that the upstream has rejected. */
  rejected(code: string): void {
    this.tally.reject(code);
    this.#shares.rejectedUpstream();
    this.#host.log.debug('the upstream rejects a share', { miner: this.username, peer: this.connection.id, code });
  }

  #onEvent(event: Sv1ServerEvent, nowMs: number): void {
    switch (event.type) {
      case 'submit':
        return this.#onSubmit(event.request, nowMs);
      case 'configure':
        this.#greeting.configure(event.request, nowMs);
        return this.#lookAtDifficulty(nowMs);
      case 'subscribe':
        this.#greeting.subscribe(event.request, nowMs);
        return this.#lookAtDifficulty(nowMs);
      case 'authorise':
        return this.#onAuthorise(event.request, event.password, nowMs);
      case 'suggestion':
        this.#work.suggest(event.difficulty, nowMs);
        return this.#lookAtDifficulty(nowMs);
      case 'refused':
        if (event.method === 'mining.submit')
          this.#host.ladder.bear(this, this.#shares.refuseUnread(event.error, nowMs));
        return;
      case 'extranonce-subscribed':
      case 'version':
      case 'unknown':
      case 'malformed':
        return;
      default:
        event satisfies never;
    }
  }

  #onAuthorise(request: Authorise, password: PasswordFields, nowMs: number): void {
    const state = this.#state;
    if (state.phase !== 'arriving' && !this.#isOfItsAccount(request.username)) {
      return this.session.refuse(request, stratumError('unauthorised', OTHER_ACCOUNT));
    }
    switch (state.phase) {
      case 'arriving':
        if (this.#host.ladder.isBanned(request.username, this.connection.remote.address)) {
          return this.#refuseAuthorisations([request], BANNED);
        }
        this.#username = request.username;
        this.#work.begin(password);
        this.#state = { phase: 'waiting', requests: [request], sinceMs: nowMs };
        this.connection.markReady();
        return this.#host.book.join(this);
      case 'waiting':
        state.requests.push(request);
        return;
      case 'seated':
      case 'adrift':
        return this.session.authorised(request);
      case 'gone':
        return;
      default:
        state satisfies never;
    }
  }

  /** Whether shares under this name go where those under its first name go, or to the operator. */
  #isOfItsAccount(username: string): boolean {
    return !this.#host.minersNameAccounts || isOfAccount(username, splitUsername(this.#username).account);
  }

  #onSubmit(request: Submit, nowMs: number): void {
    const seat = this.#state.phase === 'seated' ? this.#state.seat : undefined;
    this.#host.ladder.bear(this, this.#shares.submit(request, seat, nowMs));
    this.#lookAtDifficulty(nowMs);
    seat?.heard(nowMs);
  }

  #lookAtDifficulty(nowMs: number): void {
    if (!this.#turn.queued && this.#work.wantsJob(nowMs)) this.#turn.giveAgain('difficulty');
  }

  #opened(): void {
    const { events, clock } = this.#host;
    this.#shares.workers.of(this.username, clock.now());
    events.emit({ type: 'channel-opened', ...this.#named(), device: this.session.userAgent });
  }

  #named() {
    const { account: user, worker } = splitUsername(this.username);
    return { connection: this.connection.id, channelId: this.number, user, worker };
  }

  /** any -> gone */
  #leave(): void {
    if (this.#state.phase === 'gone') return;
    const { phase } = this.#state;
    this.#state = { phase: 'gone' };
    this.#greeting.end();
    if (phase !== 'arriving') this.#host.book.leave(this);
    if (phase === 'seated' || phase === 'adrift') this.#host.events.emit({ type: 'channel-closed', ...this.#named() });
    this.#shares.workers.close(this.#host.clock.now());
    this.#turn.close();
    this.#work.close();
  }
}
