import type { Clock } from './clock.ts';
import type { FileLayer } from './files.ts';
import { SegmentWriter, type WriterOptions } from './segment-writer.ts';
import { batchIn, type FilledBuffer, Persistence, type WriterEvents, type WriterHost } from './writer-host.ts';

/** Writes in this thread, in a later turn of the event loop: for tests with a file layer of their own. */
export function inlineWriter(
  files: FileLayer,
  options: WriterOptions,
  events: WriterEvents,
  clock: Pick<Clock, 'after'>,
): WriterHost {
  const writer = new SegmentWriter(files, options);
  const attempt = (buffers: readonly FilledBuffer[]): number => writer.write(buffers.map(batchIn));
  const persistence = new Persistence(attempt, events, clock);
  let pending: NodeJS.Immediate | undefined;
  return {
    write(buffers) {
      pending = setImmediate(() => persistence.write(buffers));
    },
    close() {
      clearImmediate(pending);
      persistence.stop();
      writer.close();
      return Promise.resolve();
    },
  };
}
