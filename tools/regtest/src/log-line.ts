import type { Logger, LogFields } from '@sv2kit/daemon';
import { Mailbox } from './mailbox.ts';

/** What a role said: a constant sentence and fields. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Everything a role says. */
export class Log extends Mailbox<LogLine> {
  constructor() {
    super(({ message, fields }) => `"${message}"${fields['reason'] === undefined ? '' : ` (${fields['reason']})`}`);
  }

  /** The first line with that sentence, already said or still to come. @throws DeadlineError */
  line(message: string, match: (fields: LogFields) => boolean = () => true): Promise<LogLine> {
    return this.first(`the log line "${message}"`, (line) => line.message === message && match(line.fields));
  }

  /** The next line with that sentence, behind all that earlier calls have passed over. @throws DeadlineError */
  nextLine(message: string, match: (fields: LogFields) => boolean = () => true): Promise<LogLine> {
    return this.next(`the log line "${message}"`, (line) => line.message === message && match(line.fields));
  }

  /** A logger whose lines come here. */
  logger(bound: LogFields = {}): Logger {
    const write = (level: string) => (message: string, fields?: LogFields) =>
      this.put({ level, message, fields: { ...bound, ...fields } });
    return {
      debug: () => {},
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => this.logger({ ...bound, ...fields }),
    };
  }
}
