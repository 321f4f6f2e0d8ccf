import type { QueryArguments } from '../database/queries/types.ts';
import { LedgerError } from '../errors.ts';
import { Projector, type ProjectorOptions } from './projector.ts';
import type { ProjectorEvents, ProjectorHost } from './projector-host.ts';
import type { Problem } from './thread-messages.ts';

type InlineOptions = Omit<ProjectorOptions, 'report'>;

/** Projects in the thread that calls it: what a projector's own thread runs, and tests with files of their own. */
export function inlineProjector(options: InlineOptions, events: ProjectorEvents): ProjectorHost {
  const projector = new Projector({ ...options, report: (report) => events.report(report) });
  const done = projector.run();
  return {
    raise: (watermark) => projector.raise(watermark),
    query(id, name, args) {
      // `name` and `args` left the ledger's typed `query` together.
      const asked = projector.query(name, args as QueryArguments<typeof name>);
      // An answer that cannot be posted from a thread is none.
      asked
        .then((answer) => events.answer(id, answer))
        .catch((error: unknown) => events.noAnswer(id, problemOf(error)));
    },
    keepAlive() {},
    close(limitMs) {
      projector.close(limitMs);
      return done;
    },
  };
}

function problemOf(error: unknown): Problem {
  return {
    code: error instanceof LedgerError ? error.code : undefined,
    message: error instanceof Error ? error.message : String(error),
  };
}
