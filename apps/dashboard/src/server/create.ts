import type { Address, Service, ServiceDeps } from '@sv2kit/daemon';
import type { DashboardConfig } from './config.ts';

/** A running dashboard. */
export interface Dashboard extends Service {
  /** Where the page is; the port that the system chose when the configured one is 0. */
  readonly address: Address;
}

/**
 * Starts a dashboard: serves the page over several roles, passes on what it asks of them, and tells what they tell in one
 * stream. It listens at once, whether or not a role is there.
 *
 * @throws ConfigError when a token cannot be used; what the system says of an address that cannot be listened on
 */
export async function createDashboard(config: DashboardConfig, deps: ServiceDeps): Promise<Dashboard> {
  // Roles ask this package for the folder of the page alone.
  const { openDashboard } = await import('./open-dashboard.ts');
  return await openDashboard(config, deps);
}
