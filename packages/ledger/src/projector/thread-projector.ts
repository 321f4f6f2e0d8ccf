import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import type { ProjectorEvents, ProjectorHost } from './projector-host.ts';
import type { FromProjector, ProjectorSettings, ToProjector } from './thread-messages.ts';

// The source runs as it is in the workspace; what is published is compiled.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = new URL(`./projector-worker.${extension}`, import.meta.url);

/** JavaScript objects of the thread, in MiB: a question with a huge answer ends the thread, never the process. */
const HEAP_MIB = 512;
/** Beyond its limit, a thread that closes is waited for so long before it is ended by force, and then as long again. */
const GRACE_MS = 1000;

/** Starts the thread in which a projector runs, so that no database ever holds up the event loop. */
export function startThread(settings: ProjectorSettings): Worker {
  const worker = new Worker(program, {
    workerData: settings,
    name: 'ledger-projector',
    // Flags of the main program, such as --eval, are not the thread's.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  // What is not projected yet is projected after the next start: it keeps no process alive.
  worker.unref();
  return worker;
}

/** Talks to a projector in a thread. */
export function threadProjector(worker: Worker, events: ProjectorEvents, clock: Pick<Clock, 'after'>): ProjectorHost {
  const exited = Promise.withResolvers<void>();
  let closing = false;
  let reason = 'it ended by itself';
  worker.on('message', (message: FromProjector) => {
    switch (message.kind) {
      case 'report':
        events.report(message.report);
        return;
      case 'answer':
        events.answer(message.id, message.answer);
        return;
      case 'no-answer':
        events.noAnswer(message.id, message.problem);
        return;
      default:
        message satisfies never;
    }
  });
  worker.on('error', (error) => {
    reason = String(error);
  });
  worker.on('exit', () => {
    exited.resolve();
    if (!closing) events.ended(reason);
  });
  const tell = (message: ToProjector): void => worker.postMessage(message);
  return {
    raise: (watermark) => tell({ kind: 'watermark', watermark }),
    query: (id, name, args) => tell({ kind: 'query', id, name, args }),
    keepAlive(wanted) {
      if (wanted) worker.ref();
      else worker.unref();
    },
    async close(limitMs) {
      closing = true;
      worker.ref();
      tell({ kind: 'close', limitMs });
      using _force = clock.after(limitMs + GRACE_MS, () => void worker.terminate());
      // A call of the system that never returns cannot be ended by force either.
      using _leave = clock.after(limitMs + 2 * GRACE_MS, exited.resolve);
      await exited.promise;
      worker.unref();
    },
  };
}
