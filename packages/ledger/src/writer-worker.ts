// The journal's writer thread: started by thread-writer.ts, writes with blocking calls so that nobody else waits.
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import { nodeFiles } from './files.ts';
import { SegmentWriter, type WriterOptions } from './segment-writer.ts';
import type { FromWriter, ToWriter } from './thread-messages.ts';
import { batchIn, Persistence } from './writer-host.ts';

if (parentPort === null) throw new Error('this file runs as a worker thread only');
const port = parentPort;

// thread-writer.ts passes exactly this.
const writer = new SegmentWriter(nodeFiles, workerData as WriterOptions);

const tell = (message: FromWriter, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, [...transfer]);

const persistence = new Persistence(
  (buffers) => writer.write(buffers.map(batchIn)),
  {
    written: (watermark, buffers) => tell({ kind: 'written', watermark, buffers }, buffers),
    failed: (reason) => tell({ kind: 'failed', reason }),
  },
  systemClock,
);

port.on('message', (message: ToWriter) => {
  switch (message.kind) {
    case 'write':
      persistence.write(message.buffers);
      return;
    case 'close':
      persistence.stop();
      writer.close();
      port.close();
      return;
    default:
      message satisfies never;
  }
});
