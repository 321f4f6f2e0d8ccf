import type { MonitorOptions } from '../options.ts';
import type { Asker, Token } from '../web/guard.ts';
import type { Web } from '../web/web.ts';
import type { EventStream } from './event-stream.ts';

export type Surface = Web;

/** What the routes share. */
export interface SurfaceContext extends Omit<MonitorOptions, 'token'> {
  readonly token: Token;
  readonly stream: EventStream;
  /** Whether who asks may see everything. */
  readonly mayRead: (asker: Asker) => boolean;
  /** The OpenAPI document, as JSON. */
  document(): string;
}
