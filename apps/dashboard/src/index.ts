/**
 * The dashboard: a page that shows what the roles do, and the service that serves it over several roles.
 *
 * @example
 * ```ts
 * const folder = dashboardPage(); // of the built page, for who serves it
 * await run({ name: 'dashboard', config: dashboardConfig, start: createDashboard });
 * ```
 *
 * @packageDocumentation
 */
export { type DashboardConfig, dashboardConfig } from './server/config.ts';
export { createDashboard, type Dashboard } from './server/create.ts';
export { DASHBOARD_LIMITS } from './server/limits.ts';
export { dashboardPage } from './server/page-folder.ts';
