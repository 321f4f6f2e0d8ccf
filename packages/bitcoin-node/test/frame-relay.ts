import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameReader } from '@sv2kit/capnp';

/** One frame of a conversation, and who sent it. */
export interface RecordedFrame {
  readonly from: 'client' | 'node';
  readonly bytes: Uint8Array;
}

/** A file of `test/frames`. */
export interface Recording {
  /** The node's own word for its version. */
  readonly version: string;
  /** How it was recorded. */
  readonly command: string;
  /** Frames in base64. */
  readonly frames: readonly (readonly [from: RecordedFrame['from'], base64: string])[];
  readonly heard: unknown;
}

/** A unix socket that passes everything on to a node's, and keeps the frames. */
export class FrameRelay implements AsyncDisposable {
  readonly path: string;
  readonly frames: RecordedFrame[] = [];
  readonly #folder: string;
  readonly #server: Server;

  static async start(nodePath: string): Promise<FrameRelay> {
    const folder = await mkdtemp(join(tmpdir(), 'ipc-'));
    const relay = new FrameRelay(folder, nodePath);
    await new Promise<void>((resolve) => relay.#server.listen(relay.path, resolve));
    await utimes(relay.path, 0, 0);
    return relay;
  }

  private constructor(folder: string, nodePath: string) {
    this.#folder = folder;
    this.path = join(folder, 'relay.sock');
    this.#server = createServer((client) => {
      const node = connect(nodePath);
      this.#pass('client', client, node);
      this.#pass('node', node, client);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #pass(from: RecordedFrame['from'], source: Socket, target: Socket): void {
    const reader = new FrameReader();
    source.on('data', (chunk: Buffer) => {
      for (const bytes of reader.receive(chunk)) this.frames.push({ from, bytes });
      target.write(chunk);
    });
    source.on('error', () => target.destroy());
    source.on('end', () => target.end());
  }
}

/** A unix socket that plays a node's part of a recorded conversation, as long as the client plays its own to the byte. */
export class FramePlayer implements AsyncDisposable {
  readonly path: string;
  /** The first frame of the client's that is another than the recorded one. */
  strayed: { readonly index: number; readonly expected: string; readonly received: string } | undefined;
  readonly #folder: string;
  readonly #server: Server;
  readonly #frames: readonly RecordedFrame[];
  readonly #lenient: boolean;
  #at = 0;

  /** @param lenient whether it plays on whatever the client says */
  static async start(frames: readonly RecordedFrame[], { lenient = false } = {}): Promise<FramePlayer> {
    const folder = await mkdtemp(join(tmpdir(), 'ipc-'));
    const player = new FramePlayer(folder, frames, lenient);
    await new Promise<void>((resolve) => player.#server.listen(player.path, resolve));
    await utimes(player.path, 0, 0);
    return player;
  }

  private constructor(folder: string, frames: readonly RecordedFrame[], lenient: boolean) {
    this.#folder = folder;
    this.#lenient = lenient;
    this.path = join(folder, 'player.sock');
    this.#frames = frames;
    this.#server = createServer((socket) => {
      const reader = new FrameReader();
      socket.on('data', (chunk: Buffer) => {
        for (const frame of reader.receive(chunk)) this.#onFrame(socket, frame);
      });
      socket.on('error', () => {});
    });
  }

  /** Recorded frames that were not played; what a node says to an end of the connection is not. */
  get left(): number {
    const end = this.#frames.findLastIndex(({ from }) => from === 'client') + 1;
    return Math.max(0, end - this.#at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #onFrame(socket: Socket, frame: Uint8Array): void {
    const expected = hex(this.#frames[this.#at]?.bytes);
    const received = hex(frame);
    if (this.strayed === undefined && received !== expected) this.strayed = { index: this.#at, expected, received };
    if (this.strayed !== undefined && !this.#lenient) return void socket.destroy();
    this.#at += 1;
    for (let next = this.#frames[this.#at]; next?.from === 'node'; next = this.#frames[this.#at]) {
      socket.write(next.bytes);
      this.#at += 1;
    }
  }
}

const hex = (bytes: Uint8Array | undefined): string => (bytes === undefined ? '' : Buffer.from(bytes).toString('hex'));
