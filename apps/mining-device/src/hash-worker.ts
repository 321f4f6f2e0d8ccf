// A hashing thread. It never returns to its event loop: it looks for messages between chunks and sleeps on the doorbell.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { HashLoop } from './hash-loop.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

if (parentPort === null) throw new Error('this module is the body of a worker thread');
const port = parentPort;
new HashLoop(workerData as WorkerStart, {
  receive: () => receiveMessageOnPort(port)?.message as ToWorker | undefined,
  send: (message: FromWorker) => port.postMessage(message),
}).run();
