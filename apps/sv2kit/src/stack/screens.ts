import type { Terminal } from '../terminal.ts';
import type { RoleView, Screen, StackEvent, StackStatus } from './events.ts';
import {
  blockLine,
  blockWords,
  dashboardLine,
  declaredWords,
  hashrate,
  latencyWords,
  ordinal,
  roleLine,
  shares,
  statusLine,
  wayWords,
} from './wording.ts';

/** A live status that nobody redraws is told so seldom. */
const CALM_SECONDS = 10;
const CLEAR_LINE = '\u001B[2K';
const up = (lines: number): string => (lines === 0 ? '' : `\u001B[${lines}A`);

export interface ScreenOptions {
  readonly json: boolean;
  /** Columns of the terminal; absent when standard output is none. */
  readonly columns: (() => number) | undefined;
}

export function createScreen(terminal: Terminal, options: ScreenOptions): Screen {
  if (options.json) return new JsonScreen(terminal);
  return options.columns === undefined ? new PlainScreen(terminal) : new TableScreen(terminal, options.columns);
}

/** One line of JSON per event. */
class JsonScreen implements Screen {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ kind, ...rest }: StackEvent): void {
    this.#terminal.out(`${JSON.stringify({ event: kind, atMs: this.#terminal.now(), ...rest })}\n`);
  }

  close(): void {}
}

/** A line whenever something changes, and now and then how it goes: for logs and pipes. */
class PlainScreen implements Screen {
  readonly #terminal: Terminal;
  readonly #told = new Map<string, string>();
  #lastStatusSeconds = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(event: StackEvent): void {
    switch (event.kind) {
      case 'role':
        return this.#role(event.role);
      case 'dashboard':
        return this.#line(dashboardLine(event.url));
      case 'notice':
        return this.#line(event.text);
      case 'block':
        return this.#line(`${blockLine(event.block)} (${ordinal(event.count, event.wanted)})`);
      case 'status':
        return this.#status(event.status);
      case 'end':
        return event.ok ? this.#line(event.text) : this.#terminal.error(`${event.text}\n`);
      default:
        return event satisfies never;
    }
  }

  close(): void {}

  /** Once per state, reason and step of an installation: what a running role is doing changes all the time. */
  #role(role: RoleView): void {
    const words = `${role.state} ${role.reason ?? ''} ${role.state === 'installing' ? role.detail : ''}`;
    if (this.#told.get(role.name) === words) return;
    this.#told.set(role.name, words);
    const { progress: _, ...calm } = role;
    this.#line(roleLine(calm));
  }

  #status(status: StackStatus): void {
    if (status.elapsedSeconds - this.#lastStatusSeconds < CALM_SECONDS) return;
    this.#lastStatusSeconds = status.elapsedSeconds;
    this.#line(statusLine(status));
    for (const role of status.roles) this.#line(`  ${roleLine(role)}`);
  }

  #line(text: string): void {
    this.#terminal.out(`${text}\n`);
  }
}

/** A table that is drawn over itself; blocks and notices scroll by above it. */
class TableScreen implements Screen {
  readonly #terminal: Terminal;
  readonly #columns: () => number;
  readonly #roles = new Map<string, RoleView>();
  #status: StackStatus | undefined;
  #dashboard: string | undefined;
  #drawn = 0;

  constructor(terminal: Terminal, columns: () => number) {
    this.#terminal = terminal;
    this.#columns = columns;
  }

  show(event: StackEvent): void {
    switch (event.kind) {
      case 'role':
        this.#roles.set(event.role.name, event.role);
        return this.#draw();
      case 'dashboard':
        this.#dashboard = event.url;
        return this.#draw();
      case 'notice':
        return this.#draw(event.text);
      case 'block':
        return this.#draw(blockLine(event.block));
      case 'status':
        this.#status = event.status;
        for (const role of event.status.roles) this.#roles.set(role.name, role);
        return this.#draw();
      case 'end':
        this.#drawn = 0;
        return event.ok ? this.#terminal.out(`${event.text}\n`) : this.#terminal.error(`${event.text}\n`);
      default:
        return event satisfies never;
    }
  }

  close(): void {
    this.#drawn = 0;
  }

  #draw(above?: string): void {
    const table = this.#table().map((line) => line.slice(0, Math.max(20, this.#columns() - 1)));
    const lines = above === undefined ? table : [above, ...table];
    // What was drawn before may have been longer.
    const leftover = Math.max(0, this.#drawn - lines.length);
    const text = [...lines, ...Array.from({ length: leftover }, () => '')]
      .map((line) => `${CLEAR_LINE}${line}\n`)
      .join('');
    this.#terminal.out(`${up(this.#drawn)}${text}${up(leftover)}`);
    this.#drawn = table.length;
  }

  #table(): string[] {
    const roles = [...this.#roles.values()].map((role) => `  ${roleLine(role)}`);
    const status = this.#status;
    const watching = this.#dashboard === undefined ? [] : [dashboardLine(this.#dashboard)];
    if (status === undefined) return ['', ...watching, ...roles];
    const { chain, elapsedSeconds, height } = status;
    return [
      '',
      ...watching,
      `${chain}, height ${height}, ${Math.round(elapsedSeconds)} s. Times are p50/p99. Ctrl-C stops it.`,
      ...roles,
      ...(status.blocks.length === 0 ? [] : [`  found: ${wayWords(status)}`]),
      `  blocks ${blockWords(status)}; shares ${shares(status.shares)}${declaredWords(status)}; ${hashrate(status.hashrate)}`,
      ...latencyWords(status).map((words) => `  ${words}`),
    ];
  }
}
