import {
  ChannelEndpointChanged,
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
import { ACT2_SIZE } from '@sv2kit/noise';
import { type AnyMessage, BaseSession, decode, type Frame, foreign, lookUp } from './base-session.ts';
import type { SessionErrorCode } from './errors.ts';
import type { ClientEvent, ExtensionsAsked, ExtensionsChanged, Ready } from './events.ts';
import {
  type ClientExtensions,
  type ClientVerdict,
  judgeError,
  judgeSilence,
  judgeSuccess,
  NO_EXTENSIONS,
} from './extensions.ts';

/** What a client says of itself: SetupConnection without what follows from the protocol. */
export type ClientSetup = Omit<SetupConnection, 'type' | 'protocol'>;

export interface ClientSessionOptions<P extends Protocol> {
  readonly protocol: P;
  readonly setup: ClientSetup;
  readonly extensions?: ClientExtensions;
  /** Act 1 of `startInitiator`; absent: plain, for the local network only. */
  readonly act1?: Uint8Array | undefined;
}

type Success = Omit<Ready, 'extensions'>;
type State =
  | { readonly phase: 'handshake' }
  /** SetupConnection has been sent. */
  | { readonly phase: 'setup' }
  /** Set up; the answer to RequestExtensions is awaited before anything else is sent. */
  | { readonly phase: 'extensions'; readonly success: Success }
  | { readonly phase: 'ready'; readonly success: Success }
  | { readonly phase: 'closed' };

/** What the session acts on. */
type SessionMessage =
  | SetupConnectionSuccess
  | SetupConnectionError
  | RequestExtensionsSuccess
  | RequestExtensionsError
  | ChannelEndpointChanged;
const names = (...definitions: readonly MessageDefinition[]): ReadonlySet<string> =>
  new Set(definitions.map(({ name }) => name));
type SetupEvent = Ready | ExtensionsAsked | ExtensionsChanged;
const ASKING: ExtensionsAsked = { type: 'asking' };
/** What the host never sees. */
const PRIVATE_MESSAGES = names(
  SetupConnectionSuccess,
  SetupConnectionError,
  RequestExtensionsSuccess,
  RequestExtensionsError,
);
const SESSION_MESSAGES = new Set([...PRIVATE_MESSAGES, ChannelEndpointChanged.name]);

/** The RequestExtensions that has not been answered. */
interface Asked {
  readonly requestId: number;
  readonly extensions: readonly number[];
  readonly lastTry: boolean;
}

/**
 * The client's side of one connection (§3.6, extension 0x0001).
 *
 * handshake -> setup -> [extensions ->] ready. While in `extensions` the host counts the time and may call
 * `extensionsTimedOut`: servers that do not know extension 0x0001 never answer.
 */
export class ClientSession<P extends Protocol = Protocol> extends BaseSession {
  readonly #protocol: P;
  readonly #setup: ClientSetup;
  readonly #wishes: ClientExtensions;
  #asked: Asked | undefined;
  #nextRequestId = 0;
  #state: State;

  constructor(options: ClientSessionOptions<P>) {
    super(options.act1 === undefined ? 'plain' : 'noise', ACT2_SIZE);
    this.#protocol = options.protocol;
    this.#setup = options.setup;
    this.#wishes = options.extensions ?? NO_EXTENSIONS;
    this.#state = { phase: 'handshake' };
    if (options.act1 === undefined) this.onSecured();
    else this.queueRaw(options.act1);
  }

  get phase(): State['phase'] {
    return this.#state.phase;
  }

  /**
   * Takes a chunk, which belongs to the session from now on. Act on each event before asking for the next.
   *
   * @throws ProtocolError or NoiseError: the connection must end. A refusal is 'setup-refused' with the server's
   * `errorCode` and `flags` in its details.
   */
  *receive(chunk: Uint8Array): Generator<ClientEvent<FromServer<P>>, void> {
    this.feed(chunk);
    const act = this.act();
    if (act !== undefined) yield { type: 'handshake', act };
    for (let frame = this.frame(); frame !== undefined; frame = this.frame()) {
      const message = frame.definition && decode(frame, frame.definition, this.extensions);
      const event = message && SESSION_MESSAGES.has(message.type) && this.#onSessionMessage(message as SessionMessage);
      if (event) yield event;
      if (message === undefined || !PRIVATE_MESSAGES.has(message.type)) yield* this.#pass(frame, message);
    }
  }

  /** Queues a message; throws a plain Error before the connection is ready. */
  send(message: FromClient<P>): void {
    if (this.#state.phase !== 'ready') throw new Error(`nothing can be sent while ${this.#state.phase}`);
    this.queue(this.#protocol.fromClient.named(message.type), message);
  }

  /**
   * The server did not answer RequestExtensions in the time the host grants: extensions -> ready without any. A late
   * answer still counts.
   *
   * @throws ProtocolError 'extension-missing' when this client requires one
   */
  extensionsTimedOut(): Ready | undefined {
    if (this.#state.phase !== 'extensions') return undefined;
    const event = this.#settle(judgeSilence(this.#wishes));
    return event.type === 'ready' ? event : undefined;
  }

  /** handshake -> setup */
  protected override onSecured(): void {
    const { number } = this.#protocol;
    this.queue(SetupConnection, { type: 'SetupConnection', ...this.#setup, protocol: number });
    this.#state = { phase: 'setup' };
  }

  protected override admit(header: FrameHeader): MessageDefinition | undefined {
    const { extensionType, messageType } = header;
    const answersSetup = extensionType === 0 && (messageType === 0x01 || messageType === 0x02);
    const { phase } = this.#state;
    if (phase === 'setup' && !answersSetup) throw new ProtocolError('setup-expected', { extensionType, messageType });
    if (phase !== 'setup' && answersSetup) throw new ProtocolError('setup-repeated', { messageType });
    return lookUp(header, this.#protocol.fromServer, this.#protocol.fromClient as MessageTable);
  }

  #onSessionMessage(message: SessionMessage): SetupEvent | undefined {
    switch (message.type) {
      case 'SetupConnectionSuccess':
        return this.#onSuccess(message);
      case 'SetupConnectionError':
        return this.#end('setup-refused', { errorCode: message.errorCode, flags: message.flags });
      case 'RequestExtensionsSuccess':
        return this.#onAnswer(message, ({ extensions }) => judgeSuccess(message, extensions, this.#wishes));
      case 'RequestExtensionsError':
        return this.#onAnswer(message, (asked) => judgeError(message, asked.extensions, this.#wishes, asked.lastTry));
      case 'ChannelEndpointChanged':
        return this.#onEndpointChanged();
    }
  }

  /** Hands on what is for the host. */
  *#pass(frame: Frame, message: AnyMessage | undefined): Generator<ClientEvent<FromServer<P>>, void> {
    // Anything else in place of an answer: the server does not know extension 0x0001.
    const ready = this.extensionsTimedOut();
    if (ready !== undefined) yield ready;
    if (message !== undefined) {
      yield { type: 'message', message: message as FromServer<P> };
      return;
    }
    const found = foreign(frame);
    if (found !== undefined) yield { type: 'foreign', foreign: found };
  }

  /** setup -> ready, or extensions when there are some to ask for */
  #onSuccess({ usedVersion, flags }: SetupConnectionSuccess): SetupEvent {
    const { minVersion, maxVersion } = this.#setup;
    if (usedVersion < minVersion || usedVersion > maxVersion) {
      this.#end('version-not-offered', { usedVersion, minVersion, maxVersion });
    }
    const success = { type: 'ready', usedVersion, flags } as const;
    if (this.#ask(this.#firstWish, false)) {
      this.#state = { phase: 'extensions', success };
      return ASKING;
    }
    this.#state = { phase: 'ready', success };
    return { ...success, extensions: this.extensions };
  }

  get #firstWish(): readonly number[] {
    return this.#wishes.requested ?? this.#wishes.supported;
  }

  /** Sends RequestExtensions, unless there is nothing to ask for. */
  #ask(extensions: readonly number[], lastTry: boolean): boolean {
    if (extensions.length === 0) return false;
    const requestId = this.#nextRequestId;
    this.#nextRequestId = (requestId + 1) & 0xffff;
    this.#asked = { requestId, extensions, lastTry };
    this.queue(RequestExtensions, { type: 'RequestExtensions', requestId, requestedExtensions: extensions });
    return true;
  }

  /** An answer to what was not asked is ignored. */
  #onAnswer(
    { requestId }: { readonly requestId: number },
    judge: (asked: Asked) => ClientVerdict,
  ): SetupEvent | undefined {
    const asked = this.#asked;
    if (asked === undefined || asked.requestId !== requestId) return undefined;
    this.#asked = undefined;
    return this.#settle(judge(asked));
  }

  /** extensions -> ready, or ready -> ready with other extensions */
  #settle(verdict: ClientVerdict): SetupEvent {
    switch (verdict.kind) {
      case 'retry':
        this.#ask(verdict.request, true);
        return ASKING;
      case 'missing':
        return this.#end('extension-missing', { missing: verdict.extensions });
      case 'settled': {
        const extensions = verdict.negotiated;
        this.setExtensions(extensions);
        if (this.#state.phase !== 'extensions') return { type: 'extensions', extensions };
        const { success } = this.#state;
        this.#state = { phase: 'ready', success };
        return { ...success, extensions };
      }
    }
  }

  /** §3.6.4: extension state is reset and negotiated anew. */
  #onEndpointChanged(): SetupEvent | undefined {
    if (this.#state.phase !== 'ready' || !this.#ask(this.#firstWish, false)) return undefined;
    this.setExtensions(new Set());
    return { type: 'extensions', extensions: this.extensions };
  }

  /** -> closed */
  #end(code: SessionErrorCode, details: Readonly<Record<string, unknown>>): never {
    this.#state = { phase: 'closed' };
    throw new ProtocolError(code, details);
  }
}
