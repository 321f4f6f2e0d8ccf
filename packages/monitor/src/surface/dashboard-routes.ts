import { servePage } from '../web/page-routes.ts';
import type { Surface, SurfaceContext } from './context.ts';
import { streamEvents } from './event-routes.ts';

/** Where a role serves the page. */
export const DASHBOARD = '/dashboard/';

/** The page over this one role, and what it asks for beside the role's own answers. */
export function dashboardRoutes(surface: Surface, context: SurfaceContext): void {
  const { name, page, startedAtMs } = context;
  servePage(surface, { at: DASHBOARD, folder: page, howToBuild: 'npm run build, then start the role again' });
  const roles = [{ name, path: '..', state: 'reachable', sinceMs: startedAtMs }];
  surface.get(`${DASHBOARD}roles`, { schema: { hide: true } }, () => ({ roles }));
  streamEvents(surface, `${DASHBOARD}events`, { hide: true }, context, name);
}
