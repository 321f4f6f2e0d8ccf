import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { WriterOptions } from './segment-writer.ts';
import type { FromWriter, ToWriter } from './thread-messages.ts';
import type { WriterEvents, WriterHost } from './writer-host.ts';

// The source runs as it is in the workspace; what is published is compiled.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = new URL(`./writer-worker.${extension}`, import.meta.url);

/** Writes in a thread of its own, so that no sync ever holds up the event loop. */
export function threadWriter(options: WriterOptions, events: WriterEvents): WriterHost {
  // Flags of the main program, such as --eval, are not the thread's.
  const worker = new Worker(program, { workerData: options, name: 'ledger-writer', execArgv: [] });
  // Only records on their way to disk keep the process alive.
  worker.unref();
  let ended = false;
  worker.on('message', (message: FromWriter) => {
    switch (message.kind) {
      case 'written':
        worker.unref();
        events.written(message.watermark, message.buffers);
        return;
      case 'failed':
        events.failed(message.reason, true);
        return;
      default:
        message satisfies never;
    }
  });
  worker.on('error', (error) => events.failed(`the writer thread failed: ${error}`, false));
  worker.on('exit', () => {
    if (!ended) events.failed('the writer thread ended', false);
    ended = true;
  });
  const tell = (message: ToWriter, transfer: readonly ArrayBuffer[] = []): void => {
    worker.ref();
    worker.postMessage(message, transfer);
  };
  return {
    write: (buffers) =>
      tell(
        { kind: 'write', buffers },
        buffers.map(({ buffer }) => buffer),
      ),
    async close() {
      if (ended) return;
      ended = true;
      const exited = once(worker, 'exit');
      tell({ kind: 'close' });
      await exited;
    },
  };
}
