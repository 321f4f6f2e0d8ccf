import type { Socket } from 'node:net';
import type { Refusal } from './close-reasons.ts';
import type { PeerContext } from './peer-context.ts';
import { beginsProxyHeader, mayBeProxyHeader, readProxyHeader } from './proxy-header.ts';
import type { Remote } from './remote.ts';
import { disownSocket, ownSocket, type SocketEvents } from './socket-events.ts';
import { beginsTls } from './tls.ts';
import { type Sweep, type Swept, sweepOf } from './sweep.ts';

/** What becomes of a connection whose first bytes have to be seen before anything else. */
export interface OpeningOwner {
  /** `source`: who is behind the proxy. What follows the header waits in the socket, which is paused. */
  onOpened(opening: Opening, source: Remote | undefined): void;
  /** The connection is not to be; the owner ends its socket. */
  onOpeningRefused(opening: Opening, code: Refusal): void;
  /** The peer has gone. */
  onOpeningGone(opening: Opening): void;
}

/** What is looked for: the header that a proxy has to send, or TLS. */
type Expected = 'proxy-header' | 'tls';
type Verdict = 'incomplete' | { readonly size: number; readonly source?: Remote | undefined } | Refusal;

const NOTHING = new Uint8Array(0);

/** A connection of which only the first bytes are seen; it has `limits.handshakeMs` to show them. */
export class Opening implements SocketEvents, Swept {
  readonly socket: Socket;
  /** The other end of the socket: the proxy, where there is one. */
  readonly remote: Remote;
  readonly expected: Expected;
  readonly #owner: OpeningOwner;
  readonly #sweep: Sweep;
  readonly #deadline: number;
  #seen: Uint8Array = NOTHING;
  #over = false;

  constructor(socket: Socket, remote: Remote, expected: Expected, { clock, limits }: PeerContext, owner: OpeningOwner) {
    this.socket = socket;
    this.remote = remote;
    this.expected = expected;
    this.#owner = owner;
    this.#deadline = limits.handshakeMs === 0 ? Number.POSITIVE_INFINITY : clock.now() + limits.handshakeMs;
    this.#sweep = sweepOf(clock);
    this.#sweep.add(this);
    ownSocket(socket, this);
  }

  onData(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#seen = this.#seen.length === 0 ? chunk : Buffer.concat([this.#seen, chunk]);
    const verdict = this.expected === 'tls' ? judgeTls(this.#seen) : judgeHeader(this.#seen);
    if (verdict === 'incomplete') return;
    if (typeof verdict === 'string') this.#refuse(verdict);
    else this.#open(verdict.size, verdict.source);
  }

  onDrain(): void {}

  onEnd(): void {
    if (this.#over) return;
    this.#finish();
    this.socket.destroy();
    this.#owner.onOpeningGone(this);
  }

  onError(): void {
    // The close that follows says it all.
  }

  onSocketClosed(): void {
    if (this.#over) return;
    this.#finish();
    this.#owner.onOpeningGone(this);
  }

  sweep(now: number): void {
    if (now >= this.#deadline) this.#refuse('opening-timeout');
  }

  /** The listener closes. */
  end(): void {
    this.onEnd();
  }

  #open(size: number, source: Remote | undefined): void {
    this.#finish();
    this.socket.pause();
    disownSocket(this.socket);
    const rest = this.#seen.subarray(size);
    if (rest.length > 0) this.socket.unshift(rest);
    this.#owner.onOpened(this, source);
  }

  #refuse(code: Refusal): void {
    this.#finish();
    this.#owner.onOpeningRefused(this, code);
  }

  #finish(): void {
    this.#over = true;
    this.#sweep.delete(this);
  }
}

function judgeHeader(bytes: Uint8Array): Verdict {
  const header = readProxyHeader(bytes);
  switch (header.kind) {
    case 'header':
      return header;
    case 'refused':
      return header.code;
    case 'incomplete':
      return 'incomplete';
    default:
      return header satisfies never;
  }
}

function judgeTls(bytes: Uint8Array): Verdict {
  if (beginsTls(bytes)) return { size: 0 };
  if (!mayBeProxyHeader(bytes)) return 'tls-expected';
  return beginsProxyHeader(bytes) ? 'proxy-header-unexpected' : 'incomplete';
}
