import { parentPort } from 'node:worker_threads';

// Stands in for the checker's thread: alive until it is asked to do something.
parentPort?.postMessage({
  kind: 'tip',
  tip: { hash: new Uint8Array(32), height: 100, nbits: 0x207f_ffff, minNtime: 1 },
});
parentPort?.on('message', (message: { readonly kind: string }) => {
  if (message.kind === 'block') throw new Error('a fault of the thread');
  if (message.kind === 'check') process.exit(3);
  if (message.kind === 'close') parentPort?.postMessage({ kind: 'closed' });
});
