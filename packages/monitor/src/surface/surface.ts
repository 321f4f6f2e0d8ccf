import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { Refusal, Unavailable } from '../errors.ts';
import type { ErrorAnswer } from '../schemas/error.ts';
import { MONITOR_LIMITS } from '../limits.ts';
import type { Surface, SurfaceContext } from './context.ts';
import { eventRoutes } from './event-routes.ts';
import { refuseForeignPages } from './guard.ts';
import { healthRoutes } from './health-routes.ts';
import { plainRoutes } from './plain-routes.ts';
import { queryRefusal } from './problems.ts';
import { roleRoutes } from './role-routes.ts';

/** A user_identity of 255 bytes, each written as %XX. */
const LONGEST_NAME = 1024;
/** Answered with the bare state to who shows no token. */
const OPEN_PATHS: ReadonlySet<string | undefined> = new Set(['/health', '/health/live', '/health/ready']);

/** The routes with what every request goes through before and after; it does not listen yet. */
export async function createSurface(context: SurfaceContext): Promise<Surface> {
  const surface = fastify({
    serverFactory: (handler) => httpServer(handler),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LONGEST_NAME },
    bodyLimit: 1,
    ajv: { customOptions: { allErrors: true, coerceTypes: true, removeAdditional: false, useDefaults: true } },
    clientErrorHandler: answerNonsense,
    frameworkErrors(error, request, reply) {
      void answerError(error, request, reply, context);
    },
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as Surface;
  surface.addHook('onRequest', async (request, reply) => admit(request, reply, context));
  surface.setErrorHandler((error, request, reply) => answerError(error, request, reply, context));
  surface.setNotFoundHandler((request, reply) => {
    const refusal = new Refusal('not-found', 'there is nothing at this path; / lists what there is');
    return answerError(refusal, request, reply, context);
  });
  await surface.register(swagger, { openapi: describe(context) });
  healthRoutes(surface, context);
  plainRoutes(surface, context);
  roleRoutes(surface, context);
  eventRoutes(surface, context);
  await surface.ready();
  return surface;
}

function httpServer(handler: Parameters<typeof createServer>[1]): Server {
  const { connections, headerBytes, idleMs, requestMs, requestsPerConnection } = MONITOR_LIMITS;
  const times = { headersTimeout: requestMs, requestTimeout: requestMs, keepAliveTimeout: requestMs };
  const server = createServer({ ...times, connectionsCheckingInterval: 1000, maxHeaderSize: headerBytes }, handler);
  server.maxConnections = connections;
  server.maxRequestsPerSocket = requestsPerConnection;
  server.setTimeout(idleMs);
  return server;
}

async function admit(request: FastifyRequest, reply: FastifyReply, context: SurfaceContext): Promise<void> {
  reply.headers({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  if (context.token === undefined) refuseForeignPages(request, context.address.host);
  else if (!context.mayRead(request) && !OPEN_PATHS.has(request.routeOptions.url)) {
    reply.header('www-authenticate', 'Bearer realm="sv2kit"');
    throw new Refusal(
      'token-wanted',
      'this wants the header Authorization: Bearer and the token of monitoring_token_file',
    );
  }
  if (request.method === 'GET' || request.method === 'HEAD') return;
  reply.header('allow', 'GET, HEAD');
  throw new Refusal('read-only', 'only GET and HEAD are served here');
}

/** Says what is known; what is not is a bug, and only the log hears of it. */
function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  context: SurfaceContext,
): FastifyReply {
  const refusal = refusalOf(error, request, context);
  if (refusal.code === 'internal') context.log.error('monitoring request failed', { path: request.url, error });
  if (refusal.code === 'unavailable') reply.header('retry-after', '5');
  return reply.code(refusal.statusCode).type('application/json; charset=utf-8').send(refusal.answer);
}

function refusalOf(error: unknown, request: FastifyRequest, { health, name }: SurfaceContext): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Unavailable) return new Refusal('unavailable', error.message);
  if (error instanceof Error) {
    const { code, validation } = error as { code?: unknown; validation?: Parameters<typeof queryRefusal>[1] };
    if (validation !== undefined) return queryRefusal(request, validation);
    if (code === 'FST_ERR_BAD_URL') return new Refusal('invalid-request', 'the path is not what a URL may hold');
    if (code === 'FST_ERR_MAX_PARAM_LENGTH') return new Refusal('not-found', 'no name is as long as that');
  }
  // What is closed already has nothing to say any more: no bug.
  if (health().state === 'stopping') return new Refusal('unavailable', `the ${name} is stopping`);
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

function describe({ name, token, version }: SurfaceContext) {
  return {
    openapi: '3.1.0',
    info: { title: `sv2kit ${name}`, version, description: `What the ${name} tells about itself. Read-only.` },
    tags: [
      { name: 'health', description: 'For machines that keep processes alive.' },
      { name: 'role', description: 'What the role has and does.' },
      { name: 'events', description: 'What happens.' },
    ],
    ...(token !== undefined && {
      components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
      security: [{ token: [] }],
    }),
  };
}
