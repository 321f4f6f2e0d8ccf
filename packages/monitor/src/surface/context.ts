import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MonitorOptions } from '../options.ts';
import type { Asker } from './guard.ts';
import type { EventStream } from './event-stream.ts';

/** The server, which takes the types of questions and answers from their schemas. */
export type Surface = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the routes share. */
export interface SurfaceContext extends MonitorOptions {
  readonly stream: EventStream;
  /** Whether who asks may see everything. */
  readonly mayRead: (asker: Asker) => boolean;
  /** The OpenAPI document, as JSON. */
  document(): string;
}
