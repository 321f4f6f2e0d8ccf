import type { Condition, ServiceDeps } from '@sv2kit/daemon';
import type { WatchedRole } from './watched-role.ts';

/** What the log and the dashboard's own health say of roles. The dashboard does its work without any of them. */
export class RoleNews {
  readonly #deps: Pick<ServiceDeps, 'health' | 'log'>;
  readonly #conditions = new Map<WatchedRole, Condition>();
  readonly #states = new Map<WatchedRole, string>();

  constructor(deps: Pick<ServiceDeps, 'health' | 'log'>) {
    this.#deps = deps;
  }

  onState(role: WatchedRole): void {
    const { state, name, wanted } = role;
    const condition = this.#conditionOf(role);
    if (!role.isAsked) return;
    const reason = 'reason' in state ? state.reason : undefined;
    if (reason === undefined) condition.ok();
    else condition.lacking(reason);
    // The words for why may change with every question.
    if (this.#states.get(role) === state.state) return;
    this.#states.set(role, state.state);
    const fields = { role: name, url: wanted.url };
    if (reason === undefined) this.#deps.log.info('role reachable', fields);
    else this.#deps.log.warn('role not reachable', { ...fields, reason });
  }

  onRemoved(role: WatchedRole): void {
    this.#conditions.get(role)?.remove();
    this.#conditions.delete(role);
    this.#states.delete(role);
  }

  #conditionOf(role: WatchedRole): Condition {
    const known = this.#conditions.get(role);
    if (known !== undefined) return known;
    const condition = this.#deps.health.condition(`role ${role.wanted.key}`, 'not asked yet', 'role-away');
    this.#conditions.set(role, condition);
    return condition;
  }
}
