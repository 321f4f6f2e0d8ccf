import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decodePayload, DecodeError, HEADER_SIZE, type Protocol, readHeader } from '@sv2kit/codec';
import { ephemeralKey } from '@sv2kit/net';
import { ACT2_SIZE, finishInitiator, Sealer, startInitiator } from '@sv2kit/noise';
import { within } from './deadline.ts';
import { FrameStream } from './frame-stream.ts';
import { Mailbox } from './mailbox.ts';
import type { AnyMessage } from './man-in-the-middle.ts';
import { readExactly } from './read-exactly.ts';

/** A peer that keeps no rule: it sends whatever bytes a scenario gives it. */
export class RawPeer implements Disposable {
  /** What the server said under encryption, as far as it can be read. */
  readonly heard: Mailbox<AnyMessage>;
  readonly #socket: Socket;
  readonly #ended: Promise<void>;
  #sealer: Sealer | undefined;
  /** Sizes of what came without encryption. */
  readonly #plain = new Mailbox<number>((size) => `${size} bytes`);

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.heard = new Mailbox(({ type }) => type);
    socket.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.heard.close('the connection has ended');
        this.#plain.close('the connection has ended');
        resolve();
      });
    });
  }

  /** A TCP connection and nothing else. */
  static async plain(port: number): Promise<RawPeer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const peer = new RawPeer(socket);
    await once(socket, 'connect');
    socket.on('data', (chunk: Buffer) => peer.#plain.put(chunk.length));
    return peer;
  }

  /** A connection whose handshake is done; nothing is set up. */
  static async sealed(port: number, protocol: Protocol): Promise<RawPeer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const peer = new RawPeer(socket);
    await once(socket, 'connect');
    const { act1, state } = startInitiator(ephemeralKey());
    socket.write(act1);
    const keys = finishInitiator(state, await readExactly(socket, ACT2_SIZE), { now: 0 });
    peer.#sealer = new Sealer(keys.sendKey);
    const frames = new FrameStream(keys.receiveKey);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.receive(chunk)) peer.#onFrame(protocol, frame);
    });
    socket.resume();
    return peer;
  }

  /** Bytes heard without encryption. */
  get plainBytes(): number {
    return this.#plain.items.reduce((sum, size) => sum + size, 0);
  }

  /** Resolves when so many have been heard. @throws DeadlineError */
  async heardBytes(count: number): Promise<void> {
    await this.#plain.first(`${count} bytes`, () => this.plainBytes >= count);
  }

  /** Sends bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends a frame, header and payload, sealed. */
  send(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.write(this.seal(frame));
  }

  /** A sealed frame that is not sent yet. */
  seal(frame: Uint8Array): Uint8Array {
    if (this.#sealer === undefined) throw new Error('there was no handshake');
    return this.#sealer.seal(frame);
  }

  /** The server has ended the connection. @throws DeadlineError */
  ended(): Promise<void> {
    return within('the server to end the connection', this.#ended);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #onFrame({ fromServer }: Protocol, frame: Uint8Array): void {
    const { extensionType, messageType } = readHeader(frame);
    const definition = fromServer.find(extensionType, messageType);
    if (definition === undefined) return;
    try {
      this.heard.put(decodePayload(definition, frame.subarray(HEADER_SIZE)));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}
