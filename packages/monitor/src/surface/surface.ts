import swagger from '@fastify/swagger';
import { tokenOf } from '../web/guard.ts';
import { createWeb } from '../web/web.ts';
import type { Surface, SurfaceContext } from './context.ts';
import { dashboardRoutes } from './dashboard-routes.ts';
import { connectionRoutes } from './connection-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { plainRoutes } from './plain-routes.ts';
import { roleRoutes } from './role-routes.ts';

/** The routes with what every request goes through before and after; it does not listen yet. */
export async function createSurface(context: SurfaceContext): Promise<Surface> {
  const { address, health, log, name, token } = context;
  const isStopping = (): boolean => health().state === 'stopping';
  const surface = createWeb({ name, address, token, tokenKey: 'monitoring_token_file', log, isStopping });
  await surface.register(swagger, { openapi: describe(context) });
  healthRoutes(surface, context);
  plainRoutes(surface, context);
  roleRoutes(surface, context);
  eventRoutes(surface, context);
  connectionRoutes(surface, context);
  dashboardRoutes(surface, context);
  await surface.ready();
  return surface;
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
    ...(tokenOf(token) !== undefined && {
      components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
      security: [{ token: [] }],
    }),
  };
}
