import type { Socket } from 'node:net';
import { Sealer } from '@sv2kit/noise';
import { FrameStream } from './frame-stream.ts';

/** What is read on one side and what may be written on the other. */
export interface LaneOptions {
  readonly source: Socket;
  /** Opens what comes from the source. */
  readonly receiveKey: Uint8Array;
  readonly target: Socket;
  /** Seals what goes to the target. */
  readonly sendKey: Uint8Array;
  /** What becomes of a frame: another one, or undefined for none. Called when it comes. */
  readonly judge: (frame: Uint8Array) => Promise<Uint8Array | undefined>;
}

/** One direction of one connection: frames leave in the order in which they came, however long each one takes. */
export class Lane {
  readonly #target: Socket;
  readonly #sealer: Sealer;
  #order: Promise<void> = Promise.resolve();

  constructor({ source, receiveKey, target, sendKey, judge }: LaneOptions) {
    this.#target = target;
    this.#sealer = new Sealer(sendKey);
    const frames = new FrameStream(receiveKey);
    source.on('data', (chunk: Buffer) => {
      try {
        for (const frame of frames.receive(chunk)) this.push(judge(frame));
      } catch {
        source.destroy(); // a MAC is wrong: nothing that follows can be read
      }
    });
    // What is under way arrives before the news that its sender is gone.
    source.once('end', () => this.#then(() => void target.end()));
    source.resume();
  }

  /** Sends a frame behind all that came before. */
  push(frame: Promise<Uint8Array | undefined>): void {
    this.#then(async () => {
      const outcome = await frame;
      if (outcome !== undefined && this.#target.writable) this.#target.write(this.#sealer.seal(outcome));
    });
  }

  #then(step: () => void | Promise<void>): void {
    this.#order = this.#order.then(step).catch((error: unknown) => {
      this.#target.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  }
}
