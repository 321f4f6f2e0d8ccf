import type { Clock } from '@sv2kit/daemon';
import { RoleAway } from './role-client.ts';

export interface BodyLimits {
  /** In all. */
  readonly bytes: number;
  /** Between two chunks. Milliseconds. */
  readonly silenceMs: number;
  readonly clock: Clock;
  /** Ends the question whose answer it is. */
  readonly abort: (reason: Error) => void;
}

/**
 * The chunks of an answer, as fast as they are taken. The abort makes the next one throw.
 *
 * @throws RoleAway when there are too many bytes; whatever the body throws
 */
export async function* boundedBody(body: ReadableStream<Uint8Array>, limits: BodyLimits): AsyncGenerator<Uint8Array> {
  const { clock, bytes, silenceMs, abort } = limits;
  const reader = body.getReader();
  let left = bytes;
  try {
    for (;;) {
      const silence = clock.after(silenceMs, () => abort(new RoleAway(`nothing came for ${silenceMs / 1000} s`)));
      const { done, value } = await reader.read().finally(() => silence[Symbol.dispose]());
      if (done) return;
      left -= value.length;
      if (left < 0) throw new RoleAway(`the answer is over ${bytes} bytes`);
      yield value;
    }
  } finally {
    // What is left of it is not wanted; a body that has failed says so again.
    await reader.cancel().catch(() => {});
  }
}
