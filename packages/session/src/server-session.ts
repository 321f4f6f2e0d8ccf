import {
  type FrameHeader,
  type FromClient,
  type FromServer,
  type MessageDefinition,
  type MessageTable,
  type Protocol,
  ProtocolError,
  RequestExtensions,
  RequestExtensionsError,
  RequestExtensionsSuccess,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
} from '@sv2kit/codec';
import { ACT1_SIZE } from '@sv2kit/noise';
import { BaseSession, decode, type Frame, foreign, lookUp, type Security } from './base-session.ts';
import type { Ready, ServerEvent } from './events.ts';
import { answerRequest, NO_EXTENSIONS, type ServerExtensions } from './extensions.ts';
import { judgeSetup, type ServerOffer } from './setup.ts';

export interface ServerSessionOptions {
  readonly security: Security;
  /** The protocols served on this port. */
  readonly offers: readonly ServerOffer[];
  readonly extensions?: ServerExtensions;
}

/** A protocol, version and flags that this side can serve. */
interface Agreed {
  readonly protocol: Protocol;
  readonly version: number;
  readonly setup: SetupConnection;
}
type State =
  | { readonly phase: 'handshake' }
  | { readonly phase: 'setup' }
  /** The host decides. */
  | { readonly phase: 'deciding'; readonly agreed: Agreed }
  /** Accepted, but the client has not yet asked for the extensions that the server requires. */
  | { readonly phase: 'extensions'; readonly agreed: Agreed; readonly ready: Ready; readonly tries: number }
  | { readonly phase: 'ready'; readonly agreed: Agreed }
  | { readonly phase: 'closed' };

/** How often a client may ask before a server that requires extensions gives up on it (extension 0x0001, 4). */
const EXTENSION_TRIES = 2;

/**
 * The server's side of one connection (§3.6, extension 0x0001).
 *
 * handshake -> setup -> deciding -> [extensions ->] ready; refused or ended: closed.
 */
export class ServerSession<P extends Protocol = Protocol> extends BaseSession {
  readonly #offers: readonly ServerOffer[];
  readonly #offered: ServerExtensions;
  #state: State;

  constructor(options: ServerSessionOptions) {
    super(options.security, ACT1_SIZE);
    this.#offers = options.offers;
    this.#offered = options.extensions ?? NO_EXTENSIONS;
    this.#state = { phase: options.security === 'plain' ? 'setup' : 'handshake' };
  }

  get phase(): State['phase'] {
    return this.#state.phase;
  }

  /**
   * Takes a chunk, which belongs to the session from now on. Act on each event before asking for the next; after a throw
   * drain once more, for the answer to a refused peer, and end the connection.
   *
   * @throws ProtocolError or NoiseError: the connection must end
   */
  *receive(chunk: Uint8Array): Generator<ServerEvent<FromClient<P>>, void> {
    this.feed(chunk);
    const act = this.act();
    if (act !== undefined) yield { type: 'handshake', act };
    for (let frame = this.frame(); frame !== undefined; frame = this.frame()) {
      const event = this.#onFrame(frame);
      if (event !== undefined) yield event;
    }
  }

  /** Queues a message; throws a plain Error before the connection is ready. */
  send(message: FromServer<P>): void {
    if (this.#state.phase !== 'ready') throw new Error(`nothing can be sent while ${this.#state.phase}`);
    this.queue(this.#state.agreed.protocol.fromServer.named(message.type), message);
  }

  /** deciding -> ready, or extensions when some are required. `flags`: the server's own namespace (§5.3.1). */
  accept(flags: number): Ready | undefined {
    if (this.#state.phase !== 'deciding') throw new Error(`accept while ${this.#state.phase}`);
    const { agreed } = this.#state;
    const usedVersion = agreed.version;
    this.queue(SetupConnectionSuccess, { type: 'SetupConnectionSuccess', usedVersion, flags });
    const ready = { type: 'ready', usedVersion, flags, extensions: this.extensions } as const;
    if (this.#offered.required.length > 0) {
      this.#state = { phase: 'extensions', agreed, ready, tries: 0 };
      return undefined;
    }
    this.#state = { phase: 'ready', agreed };
    return ready;
  }

  /** deciding -> closed: the host's reason; `flags` are 0 unless flags are the cause (§3.6.3). */
  refuse(errorCode: string, flags = 0): void {
    if (this.#state.phase !== 'deciding') throw new Error(`refuse while ${this.#state.phase}`);
    this.#refuse(errorCode, flags);
  }

  /** handshake -> setup */
  protected override onSecured(): void {
    this.#state = { phase: 'setup' };
  }

  protected override admit(header: FrameHeader): MessageDefinition | undefined {
    const state = this.#state;
    switch (state.phase) {
      case 'setup':
        return only(SetupConnection, header, 'setup-expected');
      case 'deciding':
        throw new ProtocolError('setup-unanswered', { messageType: header.messageType });
      case 'extensions':
        return only(RequestExtensions, header, 'extension-required');
      case 'ready':
        return this.#admitReady(header, state.agreed.protocol);
      case 'handshake':
      case 'closed':
        throw new Error(`frames cannot arrive while ${state.phase}`);
    }
  }

  #admitReady(header: FrameHeader, protocol: Protocol): MessageDefinition | undefined {
    if (header.extensionType === 0 && header.messageType === SetupConnection.messageType) {
      throw new ProtocolError('setup-repeated');
    }
    return lookUp(header, protocol.fromClient, protocol.fromServer as MessageTable);
  }

  #onFrame(frame: Frame): ServerEvent<FromClient<P>> | undefined {
    const { definition } = frame;
    if (definition === undefined) {
      const found = foreign(frame);
      return found && { type: 'foreign', foreign: found };
    }
    const message = decode(frame, definition, this.extensions);
    switch (definition) {
      case SetupConnection:
        return this.#onSetup(message as SetupConnection);
      case RequestExtensions:
        return this.#onRequest(message as RequestExtensions);
      default:
        return { type: 'message', message: message as FromClient<P> };
    }
  }

  /** setup -> deciding, or closed */
  #onSetup(setup: SetupConnection): ServerEvent<never> {
    const verdict = judgeSetup(setup, this.#offers);
    if (verdict.kind === 'unacceptable') {
      this.#refuse(verdict.code, verdict.flags);
      const { protocol, minVersion, maxVersion, flags } = setup;
      throw new ProtocolError(verdict.code, { protocol, minVersion, maxVersion, flags });
    }
    const { offer, version } = verdict;
    this.#state = { phase: 'deciding', agreed: { protocol: offer.protocol, version, setup } };
    return { type: 'setup', setup };
  }

  /** extensions -> ready; or ready -> ready with other extensions; or closed */
  #onRequest(request: RequestExtensions): ServerEvent<never> | undefined {
    const { reply, negotiated, satisfied } = answerRequest(request, this.#offered);
    if (reply.type === 'RequestExtensionsSuccess') this.queue(RequestExtensionsSuccess, reply);
    else this.queue(RequestExtensionsError, reply);
    if (!satisfied) return this.#onUnsatisfied();
    this.setExtensions(negotiated);
    const state = this.#state;
    if (state.phase !== 'extensions') return { type: 'extensions', extensions: negotiated };
    this.#state = { phase: 'ready', agreed: state.agreed };
    return { ...state.ready, extensions: negotiated };
  }

  /** The client may ask once more, with what is required; extensions -> extensions or closed. */
  #onUnsatisfied(): undefined {
    const state = this.#state;
    if (state.phase === 'extensions' && state.tries + 1 < EXTENSION_TRIES) {
      this.#state = { ...state, tries: state.tries + 1 };
      return undefined;
    }
    this.#state = { phase: 'closed' };
    throw new ProtocolError('extension-required', { required: this.#offered.required });
  }

  #refuse(errorCode: string, flags: number): void {
    this.#state = { phase: 'closed' };
    this.queue(SetupConnectionError, { type: 'SetupConnectionError', flags, errorCode });
  }
}

/** `definition` when the header is its; otherwise the connection ends with `code`. */
function only(definition: MessageDefinition, header: FrameHeader, code: string): MessageDefinition {
  const { extensionType, messageType } = header;
  if (extensionType === definition.extensionType && messageType === definition.messageType) return definition;
  throw new ProtocolError(code, { expected: definition.specName, extensionType, messageType });
}
