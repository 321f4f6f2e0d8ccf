import {
  DecodeError,
  decodePayload,
  EXTENSIONS_NEGOTIATION,
  encodeInto,
  type FrameHeader,
  HEADER_SIZE,
  type MessageDefinition,
  type MessageOf,
  type MessageTable,
  ProtocolError,
  payloadSize,
  readHeader,
  writeHeader,
} from '@sv2kit/codec';
import type { TransportKeys } from '@sv2kit/noise';
import type { ForeignFrame } from './events.ts';
import { Intake } from './intake.ts';
import { Output } from './output.ts';
import { plainWire, SealedWire, type Wire } from './wire.ts';

/** Largest payload of an extension message that this side does not know, in bytes (LIMITS). */
export const MAX_FOREIGN_PAYLOAD = 65_536;

/** Whether a connection is secured (§4); plain is for peers on the same machine or local network only. */
export type Security = 'noise' | 'plain';

/** What the heavy step of a handshake yields: the keys, and at a server act 2. */
export interface HandshakeResult {
  readonly keys: TransportKeys;
  /** Act 2; absent at a client. */
  readonly reply?: Uint8Array;
}

/** A frame's header has been read and found admissible; its payload is awaited. */
interface Awaited {
  readonly header: FrameHeader;
  /** Undefined for a message of an unknown extension. */
  readonly definition: MessageDefinition | undefined;
  /** Bytes of the payload on the wire. */
  readonly size: number;
}
/** A whole frame, opened. */
export interface Frame {
  readonly header: FrameHeader;
  readonly definition: MessageDefinition | undefined;
  readonly payload: Uint8Array;
}
/** Hears of a whole frame, header and payload, as it was before sealing or is after; the bytes are its own for the call. */
export type FrameTap = (direction: 'received' | 'sent', frame: Uint8Array) => void;
type Transport =
  /** Waiting for an act of `size` bytes. */
  | { readonly stage: 'act'; readonly size: number }
  /** The host computes the handshake. */
  | { readonly stage: 'handshake' }
  | { readonly stage: 'frames'; readonly wire: Wire };

export type AnyMessage = MessageOf<MessageDefinition>;

const EMPTY = new Uint8Array(0);
/** Frames up to this size are encoded into one shared buffer before they are sealed, in bytes. */
const SCRATCH_SIZE = 16_384;
const scratch = new Uint8Array(SCRATCH_SIZE);

/**
 * What both sides of a connection share: handshake, frames, caps, encoding. Sans-IO: bytes in, events out; nothing is
 * written, the host drains.
 */
export abstract class BaseSession {
  readonly #intake = new Intake();
  readonly #output = new Output();
  #transport: Transport;
  #awaited: Awaited | undefined;
  #frames = 0;
  #tap: FrameTap | undefined;
  /** Extensions in force on this connection (extension 0x0001). */
  #extensions: ReadonlySet<number> = new Set();

  constructor(security: Security, actSize: number) {
    this.#transport = security === 'plain' ? { stage: 'frames', wire: plainWire } : { stage: 'act', size: actSize };
  }

  /** Extensions in force; empty until they are negotiated. */
  get extensions(): ReadonlySet<number> {
    return this.#extensions;
  }

  /** Bytes kept of an act or frame that has not arrived whole: more than 0 for long is a stalled peer. */
  get heldBytes(): number {
    return this.#intake.held;
  }

  /** Whether a header has been read whose payload is still to come. */
  get midFrame(): boolean {
    return this.#awaited !== undefined || this.#intake.held > 0;
  }

  /** Frames received whole, discarded ones included. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes that wait to be drained. */
  get pendingBytes(): number {
    return this.#output.length;
  }

  /** Everything that waits to be written, in order; the caller owns it. */
  drain(): Uint8Array | undefined {
    return this.#output.drain();
  }

  /**
   * Queues a whole plaintext frame as it is (fan-out, forwarding). The bytes are sealed or copied at once: the caller may
   * change them afterwards.
   */
  sendFrame(frame: Uint8Array): void {
    const wire = this.#wire();
    const size = wire.headerSize + wire.payloadSize(frame.length - HEADER_SIZE);
    const offset = this.#output.reserve(size);
    wire.write(frame, this.#output.buffer, offset);
    this.#tap?.('sent', frame);
  }

  /** Tells `listener` of all frames from now on, to either side; nobody any more when there is none. */
  tap(listener: FrameTap | undefined): void {
    this.#tap = listener;
  }

  /** The result of the heavy step. handshake -> frames. */
  completeHandshake(result: HandshakeResult): void {
    if (this.#transport.stage !== 'handshake') throw new Error(`no handshake is due (${this.#transport.stage})`);
    if (result.reply !== undefined) this.queueRaw(result.reply);
    this.#transport = { stage: 'frames', wire: new SealedWire(result.keys) };
    this.onSecured();
  }

  /** Both sides have keys. */
  protected abstract onSecured(): void;
  /** Judges a header: the declaration it belongs to, undefined for an unknown extension; throws when it may not come. */
  protected abstract admit(header: FrameHeader): MessageDefinition | undefined;

  protected setExtensions(extensions: ReadonlySet<number>): void {
    this.#extensions = extensions;
  }

  protected queueRaw(bytes: Uint8Array): void {
    const offset = this.#output.reserve(bytes.length);
    this.#output.buffer.set(bytes, offset);
  }

  /** Encodes, seals and queues a message. */
  protected queue<D extends MessageDefinition>(definition: D, message: MessageOf<D>): void {
    const size = HEADER_SIZE + payloadSize(definition, message, this.#extensions);
    const buffer = size <= SCRATCH_SIZE ? scratch : new Uint8Array(size);
    encodeInto(definition, message, buffer, 0, this.#extensions);
    this.sendFrame(buffer.subarray(0, size));
  }

  /** Hands a chunk over; `act` and `frame` take pieces from it. */
  protected feed(chunk: Uint8Array): void {
    if (this.#transport.stage === 'handshake') throw new ProtocolError('data-during-handshake', { size: chunk.length });
    this.#intake.feed(chunk);
  }

  /** The handshake act, when one is awaited and has arrived. act -> handshake. */
  protected act(): Uint8Array | undefined {
    const transport = this.#transport;
    if (transport.stage !== 'act') return undefined;
    const act = this.#intake.take(transport.size);
    if (act === undefined) return undefined;
    if (this.#intake.unread > 0) throw new ProtocolError('data-during-handshake', { size: this.#intake.unread });
    this.#transport = { stage: 'handshake' };
    const copy = act.slice();
    this.#intake.feed(EMPTY);
    return copy;
  }

  /** The next whole frame, opened. */
  protected frame(): Frame | undefined {
    if (this.#transport.stage !== 'frames') return undefined;
    const { wire } = this.#transport;
    const awaited = this.#awaited ?? this.#header(wire);
    if (awaited === undefined) return undefined;
    const sealed = awaited.size === 0 ? EMPTY : this.#intake.take(awaited.size);
    this.#awaited = sealed === undefined ? awaited : undefined;
    if (sealed === undefined) return undefined;
    this.#frames += 1;
    const payload = awaited.size === 0 ? EMPTY : wire.openPayload(sealed);
    this.#tap?.('received', wholeFrame(awaited.header, payload));
    return { definition: awaited.definition, header: awaited.header, payload };
  }

  #wire(): Wire {
    if (this.#transport.stage !== 'frames') throw new Error('nothing can be sent before the handshake is complete');
    return this.#transport.wire;
  }

  /** Reads a header and checks the announced length before anything is kept for the payload. */
  #header(wire: Wire): Awaited | undefined {
    const bytes = this.#intake.take(wire.headerSize);
    if (bytes === undefined) return undefined;
    const header = readHeader(wire.openHeader(bytes));
    const definition = this.admit(header);
    const { length } = header;
    const max = definition?.maxPayload ?? MAX_FOREIGN_PAYLOAD;
    const min = definition?.minPayload ?? (header.channelMsg ? 4 : 0);
    const message = definition?.specName ?? `extension 0x${header.extensionType.toString(16)}`;
    if (length > max) throw new DecodeError('frame-too-large', { message, length, max });
    if (length < min) throw new DecodeError('message-too-short', { message, length, min });
    return { header, definition, size: wire.payloadSize(length) };
  }
}

/** The declaration behind a header, in a session that is set up; undefined for an unknown extension (§3.4.1). */
export function lookUp(
  header: FrameHeader,
  incoming: MessageTable,
  outgoing: MessageTable,
): MessageDefinition | undefined {
  const { extensionType, messageType } = header;
  const definition = incoming.find(extensionType, messageType);
  if (definition !== undefined) return definition;
  const ours = outgoing.find(extensionType, messageType);
  if (ours !== undefined) throw new ProtocolError('wrong-direction', { message: ours.specName });
  if (extensionType <= EXTENSIONS_NEGOTIATION) {
    throw new DecodeError('unknown-message', { extensionType, messageType });
  }
  return undefined;
}

/** A frame of an unknown extension: for its channel when it says so, otherwise nobody's (§3.4.1). */
export function foreign({ header, payload }: Frame): ForeignFrame | undefined {
  if (!header.channelMsg) return undefined;
  const frame = wholeFrame(header, payload);
  const channelId = new DataView(frame.buffer).getUint32(HEADER_SIZE, true);
  return { extensionType: header.extensionType, messageType: header.messageType, channelId, frame };
}

function wholeFrame(header: FrameHeader, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + payload.length);
  writeHeader(header, frame);
  frame.set(payload, HEADER_SIZE);
  return frame;
}

/** Decodes a frame's payload; TLV fields of the extensions in force only. */
export function decode(frame: Frame, definition: MessageDefinition, extensions: ReadonlySet<number>): AnyMessage {
  return decodePayload(definition, frame.payload, extensions) as AnyMessage;
}
