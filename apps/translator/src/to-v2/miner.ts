import type { Work } from '@sv2kit/mining';
import type { CloseReason, Wire, WireConnection } from '@sv2kit/net';
import {
  type Authorise,
  type Configure,
  Sv1ServerSession,
  stratumError,
  type Submit,
  type Subscribe,
} from '@sv2kit/sv1';
import type { PasswordFields, Sv1ServerEvent } from '@sv2kit/sv1';
import {
  coinbaseFits,
  extranonce1Of,
  extranonce2Fits,
  type FirmwareProfile,
  MinerChannel,
  MinerDifficulty,
  minerSpace,
  type MinerSpace,
  profileOf,
  type TranslatedJob,
  type UpstreamShare,
  workerOf,
} from '@sv2kit/translation';
import { Allowance } from './allowance.ts';
import type { Seat } from './book.ts';
import type { Served } from './fan-out.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { MinerEndReason, MinerHost } from './miner-host.ts';
import { MinerTally } from './miner-tally.ts';
import type { UpstreamChannel } from './upstream-channel.ts';

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

/** Work for a miner. */
interface Task {
  readonly work: Work;
  readonly job: TranslatedJob;
  readonly channel: UpstreamChannel;
}

/** Why a job goes out; a label of the counter. */
type JobKind = 'new-tip' | 'same-tip' | 'difficulty' | 'keep-alive' | 'resend';

/** One Stratum V1 miner: what it says, what it is told, and the judgement of its shares. */
export class Miner implements Wire, Served {
  readonly index: number;
  readonly session = new Sv1ServerSession();
  readonly connection: WireConnection;
  readonly tally = new MinerTally();
  readonly #host: MinerHost;
  readonly #channel: MinerChannel<UpstreamChannel>;
  readonly #shares: Allowance;
  readonly #bytes: Allowance;
  readonly sinceMs: number;
  #state: State = { phase: 'arriving' };
  #difficulty: MinerDifficulty | undefined;
  #password: PasswordFields | undefined;
  #suggested: number | undefined;
  #profile = profileOf('');
  #username = '';
  #worker: { readonly username: string; readonly bytes: Uint8Array } | undefined;
  /** What the miner works on, and what is to follow. */
  #task: Task | undefined;
  #due: (Task & { readonly clean: boolean }) | undefined;
  #again: JobKind | undefined;
  #queued = false;
  #sentMs = 0;
  #space: MinerSpace | undefined;
  #spacePrefix: Uint8Array | undefined;
  #refusedInRow = 0;
  #refusedAuthorisations = 0;

  constructor(connection: WireConnection, index: number, host: MinerHost) {
    const nowMs = host.clock.now();
    this.connection = connection;
    this.index = index;
    this.sinceMs = nowMs;
    this.#host = host;
    this.#channel = new MinerChannel({ budget: host.budget });
    const { sharesPerSecond } = host;
    const { burstSeconds, bytesPerSecond, bytesAtOnce, bytesOfShare } = TRANSLATOR_LIMITS;
    this.#shares = new Allowance(sharesPerSecond, sharesPerSecond * burstSeconds, nowMs);
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
    return this.#task !== undefined;
  }

  /** Hashes per second, as its shares show it; a guess at first. */
  get hashrate(): number {
    return this.#ownDifficulty().hashrate;
  }

  /** Of the job that it works on; undefined before the first. */
  get difficulty(): number | undefined {
    return this.#task === undefined ? undefined : this.#difficulty?.current;
  }

  get profile(): FirmwareProfile {
    return this.#profile;
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
    if (this.#due !== undefined || this.#again !== undefined) this.#queue();
  }

  onClose(_reason: CloseReason): void {
    this.#leave();
    this.#host.onGone(this);
  }

  end(reason: MinerEndReason): void {
    this.#leave();
    this.connection.end(reason);
  }

  /** waiting, adrift -> seated: its shares have somewhere to go */
  seated(seat: Seat): void {
    const { phase } = this.#state;
    if (phase !== 'waiting' && phase !== 'adrift') return;
    const requests = this.#state.phase === 'waiting' ? this.#state.requests : [];
    this.#state = { phase: 'seated', seat };
    for (const request of requests) this.session.authorised(request);
    this.connection.markInUse();
    this.connection.flushSoon();
  }

  /** waiting -> arriving: the upstream opens no channel for it; a miner that has mined is let go */
  refused(code: string): void {
    if (this.#state.phase === 'adrift') return this.end('channel-refused');
    if (this.#state.phase !== 'waiting') return;
    const { requests } = this.#state;
    this.#state = { phase: 'arriving' };
    this.#host.book.leave(this);
    for (const request of requests) {
      this.session.refuse(request, stratumError('unauthorised', `The upstream refuses: ${code}`));
    }
    this.#refusedAuthorisations += requests.length;
    if (this.#refusedAuthorisations >= TRANSLATOR_LIMITS.refusedAuthorisations) return this.end('channel-refused');
    this.connection.flushSoon();
  }

  /** seated -> adrift */
  adrift(): void {
    if (this.#state.phase !== 'seated') return;
    this.#state = { phase: 'adrift' };
    this.#due = undefined;
  }

  /** Work is there for it; it goes out when its turn comes, or the latest once it keeps up again. */
  offer(seat: Seat, work: Work, job: TranslatedJob, clean: boolean): void {
    const { channel } = seat;
    if (this.#state.phase !== 'seated' || channel === undefined) return;
    this.#due = { work, job, channel, clean: clean || this.#due?.clean === true };
    this.#queue();
  }

  serve(): void {
    this.#queued = false;
    if (this.#state.phase === 'gone' || this.connection.congested) return;
    const due = this.#due;
    const again = this.#again;
    this.#due = undefined;
    this.#again = undefined;
    if (due !== undefined) this.#start(due, due.clean, due.clean ? 'new-tip' : 'same-tip');
    else if (again !== undefined) this.#resend(again);
    this.connection.flush();
  }

  /** Time passes: is a job due again, or has it waited too long? */
  tick(nowMs: number): void {
    const state = this.#state;
    if (state.phase === 'waiting' && nowMs - state.sinceMs > this.#host.authoriseMs) return this.#giveUpWaiting(state);
    const task = this.#task;
    if (task === undefined || this.#queued) return;
    if (nowMs - this.#sentMs >= this.#host.keepAliveMs) return this.#sendAgain('keep-alive');
    this.#lookAtDifficulty(nowMs);
  }

  /** Shares of its own that the upstream has acknowledged. */
  credited(count: number): void {
    this.tally.credited += count;
  }

  /** A share of its own that the upstream has rejected. */
  rejected(code: string): void {
    this.tally.reject(code);
    this.#host.log.debug('the upstream rejects a share', { miner: this.username, peer: this.connection.id, code });
  }

  #onEvent(event: Sv1ServerEvent, nowMs: number): void {
    switch (event.type) {
      case 'submit':
        return this.#onSubmit(event.request, nowMs);
      case 'configure':
        return this.#onConfigure(event.request, nowMs);
      case 'subscribe':
        return this.#onSubscribe(event.request, nowMs);
      case 'authorise':
        return this.#onAuthorise(event.request, event.password, nowMs);
      case 'suggestion':
        return this.#onSuggestion(event.difficulty, nowMs);
      case 'refused':
        if (event.method === 'mining.submit') this.#refuse('not-authorised');
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

  #onConfigure(request: Configure, nowMs: number): void {
    const minimum = request.minimumDifficulty?.difficulty;
    if (minimum !== undefined) this.#onSuggestion(minimum, nowMs);
    this.session.configured(request, { versionMask: this.#host.versionMask });
  }

  #onSubscribe(request: Subscribe, nowMs: number): void {
    const kept = request.session === undefined ? undefined : this.#host.sessions.take(request.session);
    if (kept !== undefined) this.#onSuggestion(kept, nowMs);
    this.#profile = profileOf(this.session.userAgent);
    // A guess that was made before the firmware had said what it is.
    if (this.#task === undefined) this.#difficulty = undefined;
    const extranonce1 = extranonce1Of(this.index);
    const session = this.#host.sessions.newId();
    const misfit = extranonce2Fits(this.#host.extranonce2Size, this.#profile);
    if (misfit !== undefined) this.#host.onMisfit(this, misfit);
    this.session.subscribed(request, { extranonce1, extranonce2Size: this.#host.extranonce2Size, session });
  }

  #onAuthorise(request: Authorise, password: PasswordFields, nowMs: number): void {
    const state = this.#state;
    switch (state.phase) {
      case 'arriving':
        this.#username = request.username;
        this.#password = password;
        this.#difficulty = undefined;
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

  #onSuggestion(difficulty: number, nowMs: number): void {
    this.#suggested = difficulty;
    this.#difficulty?.suggest(difficulty, nowMs);
    this.#lookAtDifficulty(nowMs);
  }

  #onSubmit(request: Submit, nowMs: number): void {
    if (!this.#shares.take(1, nowMs)) return this.end('share-flood');
    const verdict = this.#channel.judge(request, nowMs);
    if (verdict.kind === 'refused') {
      this.session.refuse(request, verdict.error);
      return this.#refuse(verdict.reason);
    }
    this.#refusedInRow = 0;
    this.session.accepted(request);
    this.tally.accept(verdict.work, nowMs);
    this.#host.totals.accept();
    this.#difficulty?.accepted(verdict.work, nowMs);
    this.#lookAtDifficulty(nowMs);
    if (verdict.forward !== undefined) this.#forward(verdict.forward, request.username, verdict.isBlock);
  }

  #forward(share: UpstreamShare<UpstreamChannel>, username: string, isBlock: boolean): void {
    const { totals } = this.#host;
    const seat = this.#state.phase === 'seated' ? this.#state.seat : undefined;
    const isThere = seat !== undefined && seat.channel === share.upstream;
    if (!isThere || !seat.submit(this, share, this.#workerOf(username))) {
      this.tally.lost += 1;
      return totals.lose('no-upstream', 1);
    }
    this.tally.forwarded += 1;
    totals.forward();
    if (!isBlock) return;
    share.upstream.link.flush();
    totals.block();
    this.#host.log.info('a miner found what may be a block', { miner: this.username, job: share.jobId });
  }

  /** A miner whose shares are all refused gets its work anew; if that does not help, it is let go. */
  #refuse(reason: string): void {
    this.tally.refuse(reason);
    this.#host.totals.refuse(reason);
    this.#refusedInRow += 1;
    if (this.#refusedInRow >= TRANSLATOR_LIMITS.refusedBeforeEnd) return this.end('too-many-refused');
    if (this.#refusedInRow % TRANSLATOR_LIMITS.refusedBeforeResend === 0 && this.#task !== undefined) {
      this.#sendAgain('resend');
    }
  }

  #lookAtDifficulty(nowMs: number): void {
    if (!this.#queued && this.#task !== undefined && this.#difficulty?.wantsJob(nowMs) === true) {
      this.#sendAgain('difficulty');
    }
  }

  #workerOf(username: string): Uint8Array {
    if (this.#worker?.username !== username) this.#worker = { username, bytes: workerOf(username, this.number) };
    return this.#worker.bytes;
  }

  #sendAgain(kind: JobKind): void {
    this.#again = kind;
    this.#queue();
  }

  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#host.fanOut.add(this);
  }

  #resend(kind: JobKind): void {
    const task = this.#task;
    if (task !== undefined) this.#start({ ...task, job: this.#host.desk.refreshed(task.job) }, false, kind);
  }

  #start({ work, job, channel }: Task, clean: boolean, kind: JobKind): void {
    const host = this.#host;
    const nowMs = host.clock.now();
    const space = this.#spaceOf(work);
    if (space === undefined) return;
    this.session.setVersionMask(work.versionRollingAllowed ? host.versionMask : 0);
    const { versionMask } = this.session;
    const task = { work, job, channel };
    const difficulty = this.#ownDifficulty().next(limitsOf(task), nowMs);
    const terms = { space, versionMask, difficulty, upstreamTarget: work.target, upstream: channel, clean };
    this.#channel.give(job, terms, nowMs);
    this.session.sendJob(job.lineFor(space, clean), difficulty);
    this.#task = task;
    this.#sentMs = nowMs;
    host.metrics.jobs.inc({ kind });
    if (kind !== 'new-tip' && kind !== 'same-tip') return;
    const misfit = coinbaseFits(job.coinbaseSize(space), this.#profile);
    if (misfit !== undefined) host.onMisfit(this, misfit);
  }

  /** Its part of the channel's extranonce, as the job's prefix has it. */
  #spaceOf({ space }: Work): MinerSpace | undefined {
    if (space.kind !== 'extended') return undefined;
    const { extranoncePrefix, extranonceSize } = space;
    if (this.#space !== undefined && this.#spacePrefix === extranoncePrefix) return this.#space;
    const verdict = minerSpace(extranoncePrefix, extranonceSize, this.#host.extranonce2Size, this.index);
    if (verdict.kind !== 'space') return undefined;
    this.#spacePrefix = extranoncePrefix;
    this.#space = verdict.space;
    return verdict.space;
  }

  #ownDifficulty(): MinerDifficulty {
    if (this.#difficulty !== undefined) return this.#difficulty;
    const { difficulty } = this.#host;
    const options = {
      ...difficulty,
      profile: this.#profile,
      ...(this.#password && { password: this.#password }),
      ...(this.#suggested !== undefined && { suggested: this.#suggested }),
    };
    this.#difficulty = new MinerDifficulty(options);
    return this.#difficulty;
  }

  /** waiting -> arriving, with no as answer */
  #giveUpWaiting({ requests }: Extract<State, { phase: 'waiting' }>): void {
    for (const request of requests) this.session.refuse(request, stratumError('unauthorised', 'No upstream is there'));
    this.end('authorise-timeout');
  }

  /** any -> gone */
  #leave(): void {
    if (this.#state.phase === 'gone') return;
    const { phase } = this.#state;
    this.#state = { phase: 'gone' };
    const session = this.session.subscription?.session;
    const difficulty = this.difficulty;
    if (session !== undefined && difficulty !== undefined) this.#host.sessions.keep(session, difficulty);
    if (phase !== 'arriving') this.#host.book.leave(this);
    this.#channel.close();
  }
}

function limitsOf({ work, job }: Task): { readonly upstreamTarget: Uint8Array; readonly networkDifficulty: number } {
  return { upstreamTarget: work.target, networkDifficulty: job.source.networkDifficulty };
}
