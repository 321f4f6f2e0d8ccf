import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { CloseReason, NetCloseReason } from './close-reasons.ts';
import { EndOfTurn } from './end-of-turn.ts';
import { blame } from './failure.ts';
import type { Limits } from './limits.ts';
import type { PeerContext } from './peer-context.ts';
import { type Remote, remoteOf } from './remote.ts';
import { ownSocket, type PeerSocket, type SocketEvents } from './socket-events.ts';
import { type Sweep, type Swept, sweepOf } from './sweep.ts';
import { Turn } from './turn.ts';
import { Watch } from './watch.ts';

/** What one read of a socket yields at most, in bytes: after so much, more is likely to wait. */
const FULL_READ = 65_536;
/** The same inside TLS: a full record. */
const FULL_RECORD = 16_384;

/** Of a batch, in bytes: what is more does not wait for company. */
const FULL_BATCH = 16_384;

/** When the current callback has run; and when all sockets that are readable by now have been read. */
const endOfTurn = new EndOfTurn(process.nextTick);
const endOfPoll = new EndOfTurn(setImmediate);
const turn = new Turn(() => performance.now(), setImmediate);
let lastId = 0;

/**
 * The socket loop: the only place that reads and writes sockets, and the only one that catches what a peer causes.
 *
 * A ProtocolError or NoiseError ends the connection after what is queued for the peer has been written. Anything else is
 * a mistake of ours: it is logged with its stack, counted, and ends this one connection.
 */
export abstract class SocketPeer implements SocketEvents, Swept {
  readonly id = ++lastId;
  readonly remote: Remote;
  readonly #context: PeerContext;
  readonly #socket: PeerSocket;
  readonly #fullRead: number;
  readonly #sweep: Sweep;
  readonly #watch: Watch;
  /** open -> ending -> closed. While ending, what the peer still sends is read and forgotten. */
  #phase: 'open' | 'ending' | 'closed' = 'open';
  #reason: CloseReason = { code: 'peer-closed' };
  /** Something that ends with a flush is going on. */
  #busy = false;
  #flushDue = false;
  /** The same at the end of the poll. */
  #batchDue = false;
  #chunks = 0;
  #bytesWritten = 0;
  /** Bytes written since the peer became congested, without the write that made it so. */
  #added = 0;

  constructor(socket: Socket, context: PeerContext, remote: Remote = remoteOf(socket)) {
    const now = context.clock.now();
    this.#context = context;
    this.remote = remote;
    this.#watch = new Watch(context.limits, now);
    this.#sweep = sweepOf(context.clock);
    this.#sweep.add(this);
    this.#socket = ownSocket(socket, this);
    this.#fullRead = socket instanceof TLSSocket ? FULL_RECORD : FULL_READ;
  }

  /** Bytes have come; what they lead to leaves in one write afterwards. */
  protected abstract receive(chunk: Uint8Array): void;
  /** The same for the first that come. */
  protected receiveFirst(chunk: Uint8Array): void {
    this.receive(chunk);
  }
  /** What an error of the socket, or the peer's end without one, means. */
  protected blame(error: Error | undefined): NetCloseReason {
    return error === undefined ? 'peer-closed' : 'socket-error';
  }
  /** What has to be written. */
  protected abstract drain(): Uint8Array | undefined;
  /** The peer keeps up again. */
  protected abstract drained(): void;
  /** The socket is closed. */
  protected abstract gone(reason: CloseReason): void;
  /** Bytes that `drain` would give, as far as it is known. */
  protected abstract readonly pendingBytes: number;
  /** Frames received, those of them that the application has not seen, and whether one has begun and not ended. */
  protected abstract readonly frames: number;
  protected abstract readonly asides: number;
  protected abstract readonly midFrame: boolean;

  get congested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get queuedBytes(): number {
    return this.pendingBytes + this.#socket.writableLength;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** Writes what is queued once the current callback has run; after a chunk that happens by itself. */
  flushSoon(): void {
    if (this.#busy || this.#flushDue) return;
    this.#flushDue = true;
    endOfTurn.add(this);
  }

  /** The same, but other peers whose bytes have come too may lead to more first. */
  protected flushWithOthers(): void {
    if (this.#busy || this.#flushDue) return;
    if (this.pendingBytes >= FULL_BATCH) return this.flushSoon();
    if (this.#batchDue) return;
    this.#batchDue = true;
    endOfPoll.add(this);
  }

  flush(): void {
    this.#flushDue = false;
    this.#batchDue = false;
    if (this.#phase !== 'open') return;
    const bytes = this.#drain();
    if (bytes === undefined) return;
    const { writableLength, writableNeedDrain } = this.#socket;
    this.#added = writableNeedDrain ? this.#added + bytes.length : 0;
    if (Math.min(writableLength, this.#added) > this.#context.limits.writeQueueBytes) {
      this.destroy('slow-reader');
      return;
    }
    this.#bytesWritten += bytes.length;
    if (!this.#socket.write(bytes)) this.#socket.pause();
  }

  markInUse(): void {
    this.#watch.met('unused');
  }

  end(reason: string): void {
    this.#finish({ code: reason });
  }

  destroy(reason: string): void {
    if (this.#phase === 'open') this.#reason = { code: reason };
    this.#phase = this.#phase === 'closed' ? 'closed' : 'ending';
    this.#socket.destroy();
  }

  onData(chunk: Uint8Array): void {
    if (this.#phase !== 'open') return;
    this.#chunks += 1;
    // Sockets give Buffers, whose `slice` does not copy: whoever keeps decoded bytes must be able to trust it.
    const receive = this.#chunks === 1 ? this.receiveFirst : this.receive;
    this.#enter(receive, new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    if (chunk.length >= this.#fullRead || turn.isLong()) this.#yieldTurn();
  }

  onDrain(): void {
    this.#socket.resume();
    if (this.#phase === 'open') this.#enter(this.drained, undefined);
  }

  /** The peer has said its last word; Node ends our side once everything is written. */
  onEnd(): void {
    if (this.#phase === 'open') this.#startEnding({ code: this.blame(undefined) });
  }

  onError(error: Error): void {
    if (this.#phase !== 'open') return;
    this.#reason = { code: this.blame(error), error };
    this.#context.log.debug('a socket failed', { peer: this.id, ...this.remote, error: error.message });
    this.#phase = 'ending';
  }

  onSocketClosed(): void {
    this.#phase = 'closed';
    this.#sweep.delete(this);
    const { code } = this.#reason;
    this.#context.metrics.closed.inc({ reason: code });
    this.#context.log.debug('connection closed', { peer: this.id, ...this.remote, code });
    this.#enter(this.gone, this.#reason);
  }

  sweep(now: number): void {
    if (this.#phase !== 'open') {
      if (this.#watch.overdue(now)) this.#socket.destroy();
      return;
    }
    const { writableLength, writableNeedDrain } = this.#socket;
    const reason = this.#watch.judge(now, {
      chunks: this.#chunks,
      frames: this.frames,
      asides: this.asides,
      midFrame: this.midFrame,
      bytesTaken: this.#bytesWritten - writableLength,
      congested: writableNeedDrain,
    });
    if (reason === 'slow-reader') this.destroy(reason);
    else if (reason !== undefined) this.end(reason);
  }

  protected get limits(): Limits {
    return this.#context.limits;
  }

  protected get context(): PeerContext {
    return this.#context;
  }

  /** Starts the clock for the next step of the connection. */
  protected expectWithin(ms: number, reason: NetCloseReason): void {
    this.#watch.expectWithin(ms, reason, this.#context.clock.now());
  }

  /** Runs what a peer or a timer caused, catches what it throws, and flushes. */
  protected enter(step: () => void): void {
    if (this.#phase === 'open') this.#enter(step, undefined);
  }

  #enter<T>(step: (this: this, input: T) => void, input: T): void {
    const nested = this.#busy;
    this.#busy = true;
    try {
      step.call(this, input);
    } catch (error) {
      this.#fail(error);
    }
    this.#busy = nested;
    if (!nested) this.flush();
  }

  #fail(thrown: unknown): void {
    this.#finish(blame(thrown, this, this.#context));
  }

  /** open -> ending, with everything that is queued still going out. */
  #finish(reason: CloseReason): void {
    if (this.#phase !== 'open') return;
    this.flush();
    this.#hangUp(reason);
  }

  /** open -> ending, with what has been written still going out. */
  #hangUp(reason: CloseReason): void {
    this.#startEnding(reason);
    this.#socket.end();
    // Unread bytes would make the close a reset, which can overtake our last words.
    this.#socket.resume();
  }

  /** Gives nothing when that fails, which ends the connection: there are no last words to be had. */
  #drain(): Uint8Array | undefined {
    try {
      return this.drain();
    } catch (error) {
      this.#hangUp(blame(error, this, this.#context));
      return undefined;
    }
  }

  #startEnding(reason: CloseReason): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'ending';
    this.#reason = reason;
    this.expectWithin(this.#context.limits.lingerMs, 'shutdown');
  }

  /** Reads no more in this turn of the event loop: peers that flood must not keep others, or the clock, waiting. */
  #yieldTurn(): void {
    this.#socket.pause();
    setImmediate(() => {
      if (this.#phase !== 'open' || !this.congested) this.#socket.resume();
    });
  }
}
