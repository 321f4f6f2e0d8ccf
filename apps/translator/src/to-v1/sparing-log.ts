import type { Logger } from '@sv2kit/net';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';
import type { SteadyTime } from './steady-time.ts';

const MINUTE_MS = 60_000;

/** Lines of the present minute. */
interface Minute {
  sinceMs: number;
  lines: number;
}

/** A log for what pools provoke: of infos and warnings beyond so many a minute only those who debug hear. */
export function sparingLog(log: Logger, time: SteadyTime): Logger {
  return spared(log, time, { sinceMs: time.now(), lines: 0 });
}

function spared(log: Logger, time: SteadyTime, minute: Minute): Logger {
  const say =
    (level: 'info' | 'warn'): Logger['info'] =>
    (message, fields) => {
      const nowMs = time.now();
      if (nowMs - minute.sinceMs >= MINUTE_MS) Object.assign(minute, { sinceMs: nowMs, lines: 0 });
      minute.lines += 1;
      log[minute.lines <= TRANSLATOR_TO_V1_LIMITS.poolLinesPerMinute ? level : 'debug'](message, fields);
    };
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: say('info'),
    warn: say('warn'),
    error: (message, fields) => log.error(message, fields),
    child: (fields) => spared(log.child(fields), time, minute),
  };
}
