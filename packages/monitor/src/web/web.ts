import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type RawServerDefault,
} from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal, Unavailable } from '../errors.ts';
import { MONITOR_LIMITS } from '../limits.ts';
import type { MonitorLog } from '../options.ts';
import type { ErrorAnswer } from '../schemas/error.ts';
import { bearerCheck, refuseForeignPages, type Token, tokenOf } from './guard.ts';
import { queryRefusal } from './problems.ts';

/** A server that reads only, guarded and bounded; it takes the types of questions and answers from their schemas. */
export type Web = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Where a browser that shows no token is led to: the page that asks for it. */
    readonly browsersTo?: string;
    /** Answered to who shows no token, too. */
    readonly isOpen?: boolean;
  }
}

export interface WebOptions {
  /** Who answers, for messages: pool, dashboard … */
  readonly name: string;
  /** The configured address, whose name may be asked for. */
  readonly address: { readonly host: string; readonly port: number };
  /** What readers must show; without one everybody is answered who can reach the address. */
  readonly token?: Token;
  /** The key of the configuration that names the token's file. */
  readonly tokenKey: string;
  readonly log: MonitorLog;
  /** It closes, so that what fails now is no bug. */
  isStopping(): boolean;
}

/** A user_identity of 255 bytes, each written as %XX. */
const LONGEST_NAME = 1024;

/**
 * What every request goes through before and after, without routes: `surface.get` adds them. It does not listen yet.
 * Refuses pages of elsewhere, wants the token where there is one (but for routes with `config: { isOpen: true }`),
 * serves GET and HEAD only, and answers every failure as `{ code, message }`.
 */
export function createWeb(options: WebOptions): Web {
  const mayRead = bearerCheck(options.token);
  const web = fastify({
    serverFactory: (handler) => httpServer(handler),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LONGEST_NAME },
    bodyLimit: 1,
    ajv: { customOptions: { allErrors: true, coerceTypes: true, removeAdditional: false, useDefaults: true } },
    clientErrorHandler: answerNonsense,
    frameworkErrors(error, request, reply) {
      void answerError(error, request, reply, options);
    },
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as Web;
  web.addHook('onRequest', async (request, reply) => admit(request, reply, options, mayRead));
  web.setErrorHandler((error, request, reply) => answerError(error, request, reply, options));
  web.setNotFoundHandler((request, reply) => {
    const refusal = new Refusal('not-found', 'there is nothing at this path; / lists what there is');
    return answerError(refusal, request, reply, options);
  });
  return web;
}

/** A web that listens. */
export interface OpenWeb {
  readonly address: { readonly host: string; readonly port: number };
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/** Listens on the address; port 0 lets the system choose. */
export async function openWeb(web: Web, address: WebOptions['address']): Promise<OpenWeb> {
  await web.ready();
  const { server } = web;
  await listen(server, address);
  // A string only for pipes, null only when closed: this server listens on TCP.
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: address.host, port },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await web.close();
    },
  };
}

function listen(server: Server, { host, port }: WebOptions['address']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function httpServer(handler: Parameters<typeof createServer>[1]): Server {
  const { connections, headerBytes, idleMs, keepAliveMs, requestMs, requestsPerConnection } = MONITOR_LIMITS;
  const times = { headersTimeout: requestMs, requestTimeout: requestMs, keepAliveTimeout: keepAliveMs };
  const server = createServer({ ...times, connectionsCheckingInterval: 1000, maxHeaderSize: headerBytes }, handler);
  server.maxConnections = connections;
  server.maxRequestsPerSocket = requestsPerConnection;
  server.setTimeout(idleMs);
  return server;
}

async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  { address, token, tokenKey }: WebOptions,
  mayRead: ReturnType<typeof bearerCheck>,
): Promise<FastifyReply | undefined> {
  reply.headers({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  if (tokenOf(token) === undefined) refuseForeignPages(request, address.host);
  else if (request.routeOptions.config.isOpen !== true && !mayRead(request)) {
    const { browsersTo } = request.routeOptions.config;
    if (browsersTo !== undefined && isBrowser(request)) return reply.redirect(browsersTo, 303);
    reply.header('www-authenticate', 'Bearer realm="sv2kit"');
    throw new Refusal('token-wanted', `this wants the header Authorization: Bearer and the token of ${tokenKey}`);
  }
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  reply.header('allow', 'GET, HEAD');
  throw new Refusal('read-only', 'only GET and HEAD are served here');
}

/** Whether somebody looks at it: programs ask for no HTML. */
export function isBrowser({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers.accept?.includes('text/html') === true;
}

/** Says what is known; what is not is a bug, and only the log hears of it. */
function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, options: WebOptions): FastifyReply {
  const refusal = refusalOf(error, request, options);
  if (refusal.code === 'internal') options.log.error('monitoring request failed', { path: request.url, error });
  if (refusal.code === 'unavailable') reply.header('retry-after', '5');
  return reply.code(refusal.statusCode).type('application/json; charset=utf-8').send(refusal.answer);
}

function refusalOf(error: unknown, request: FastifyRequest, { isStopping, name }: WebOptions): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Unavailable) return new Refusal('unavailable', error.message);
  if (error instanceof Error) {
    const { code, validation } = error as { code?: unknown; validation?: Parameters<typeof queryRefusal>[1] };
    if (validation !== undefined) return queryRefusal(request, validation);
    if (code === 'FST_ERR_BAD_URL') return new Refusal('invalid-request', 'the path is not what a URL may hold');
    if (code === 'FST_ERR_MAX_PARAM_LENGTH') return new Refusal('not-found', 'no name is as long as that');
  }
  // What is closed already has nothing to say any more: no bug.
  if (isStopping()) return new Refusal('unavailable', `the ${name} is stopping`);
  return new Refusal('internal', 'internal error; the log has it');
}

/** What is no HTTP is answered as far as it can be, and the connection ends. */
function answerNonsense(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.destroyed || error.code === 'ECONNRESET') return;
  const { statusCode, answer } = nonsense(error.code);
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify(answer satisfies ErrorAnswer);
  const head = `HTTP/1.1 ${statusCode} ${answer.code}\r\ncontent-type: application/json\r\nconnection: close\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}

function nonsense(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal('request-timeout', 'the request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Refusal(
      'headers-too-large',
      `request line and header fields are over ${MONITOR_LIMITS.headerBytes} bytes`,
    );
  }
  return new Refusal('invalid-request', 'this is no HTTP request');
}
