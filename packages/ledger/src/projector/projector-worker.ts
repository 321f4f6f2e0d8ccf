// The projector's thread: started by thread-projector.ts.
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { openProjection, settingAside } from '../database/open-projection.ts';
import { nodeFiles } from '../files.ts';
import { inlineProjector } from './inline-projector.ts';
import type { FromProjector, ProjectorSettings, ToProjector } from './thread-messages.ts';

/** Niceness of this thread: while the machine is busy, shares come first. */
const NICE = 10;

if (parentPort === null) throw new Error('this file runs as a worker thread only');
const port = parentPort;
// On Linux this is the calling thread alone; elsewhere it would be the process.
if (process.platform === 'linux') {
  try {
    setPriority(NICE);
  } catch {
    // Some containers forbid it: then it competes.
  }
}

// thread-projector.ts passes exactly this.
const { database, ...settings } = workerData as ProjectorSettings;
const tell = (message: FromProjector): void => port.postMessage(message);

const host = inlineProjector(
  {
    ...settings,
    files: nodeFiles,
    clock: systemClock,
    connect: () => openProjection(database),
    setAside: settingAside(database),
  },
  {
    report: (report) => tell({ kind: 'report', report }),
    answer: (id, answer) => tell({ kind: 'answer', id, answer }),
    noAnswer: (id, problem) => tell({ kind: 'no-answer', id, problem }),
    ended() {},
  },
);

port.on('message', (message: ToProjector) => {
  switch (message.kind) {
    case 'watermark':
      host.raise(message.watermark);
      return;
    case 'query':
      host.query(message.id, message.name, message.args);
      return;
    case 'close':
      void host.close(message.limitMs).then(() => port.close());
      return;
    default:
      message satisfies never;
  }
});
