import { constants } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { NetCloseReason } from './close-reasons.ts';
import type { Logger } from './ports.ts';

/** What a TLS listener proves itself with, as PEM text. */
export interface TlsIdentity {
  /** The certificate, followed by those between it and the root. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** How a TLS client judges the server's certificate. */
export interface TlsTrust {
  /** Roots to trust in place of the system's, as PEM text. */
  readonly ca?: string;
  /** False: any certificate will do, which keeps eavesdroppers out but no one in the middle. True by default. */
  readonly verify?: boolean;
}

/** The first byte of a TLS record that holds a handshake (RFC 8446, §5.1). No line of text begins with it. */
const HANDSHAKE_RECORD = 0x16;
const LISTENER = Symbol('listener');
type TlsSocket = TLSSocket & { [LISTENER]?: { onSecure(): void } };

/** Whether bytes begin like a client's TLS handshake. */
export function beginsTls(bytes: Uint8Array): boolean {
  return bytes[0] === HANDSHAKE_RECORD;
}

/** Tells when TLS is done; at a client the server's certificate has been judged by then. */
export function whenSecure(socket: TlsSocket, side: 'server' | 'client', listener: { onSecure(): void }): void {
  socket[LISTENER] = listener;
  socket.on(side === 'server' ? 'secure' : 'secureConnect', onSecure);
  // A TLSSocket without a tls.Server tells what goes wrong after the handshake in this event alone, and stays open.
  if (side === 'server') socket.on('_tlsError', onFault);
}

// Shared by all sockets, so that a connection costs no closures.
function onSecure(this: TlsSocket): void {
  this[LISTENER]?.onSecure();
}

function onFault(this: TlsSocket, error: Error): void {
  this.destroy(error);
}

/** What an error of a TLS socket means. */
export function tlsFault(error: NodeJS.ErrnoException): NetCloseReason {
  if (error.syscall !== undefined) return 'socket-error';
  const code = error.code ?? '';
  // A peer that goes away in the middle is reported as a reset.
  return code.startsWith('ERR_SSL') || code === 'ECONNRESET' || code === '' ? 'tls-failed' : 'tls-untrusted';
}

/** TLS on sockets that clients have opened to us. */
export class TlsServer {
  readonly #identity: () => TlsIdentity;
  readonly #log: Logger;
  #present: TlsIdentity;
  #context: SecureContext;

  /** @throws when the certificate or the key cannot be used */
  constructor(tls: TlsIdentity | (() => TlsIdentity), log: Logger) {
    this.#identity = typeof tls === 'function' ? tls : () => tls;
    this.#log = log;
    this.#present = this.#identity();
    this.#context = secureContextOf(this.#present);
  }

  wrap(socket: Socket): TLSSocket {
    this.#refresh();
    return new TLSSocket(socket, { isServer: true, secureContext: this.#context });
  }

  /** A new identity that cannot be used leaves the old one in force. */
  #refresh(): void {
    try {
      const { cert, key } = this.#identity();
      if (cert === this.#present.cert && key === this.#present.key) return;
      this.#present = { cert, key };
      this.#context = secureContextOf(this.#present);
    } catch (error) {
      this.#log.error('the TLS certificate cannot be used; the one before stays', { error });
    }
  }
}

/** A client must not have us begin anew again and again (TLS 1.2): each time costs us more than it. */
function secureContextOf({ cert, key }: TlsIdentity): SecureContext {
  return createSecureContext({ cert, key, secureOptions: constants.SSL_OP_NO_RENEGOTIATION });
}

/** TLS on a socket that we have opened. The host's name is what the certificate has to be for. */
export function tlsClient(socket: Socket, host: string, { ca, verify = true }: TlsTrust): TLSSocket {
  return connect({
    socket,
    host,
    rejectUnauthorized: verify,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  });
}
