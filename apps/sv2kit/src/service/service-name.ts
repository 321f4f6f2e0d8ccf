import { UsageError } from '@sv2kit/daemon';

/**
 * What a service is called: the role, or the name that was chosen.
 *
 * @throws UsageError for a name that no unit can have
 */
export function nameOf(role: string, chosen: string | undefined): string {
  if (chosen === undefined) return role;
  if (/^[a-z0-9][a-z0-9-]{0,40}$/.test(chosen)) return chosen;
  throw new UsageError(`--name ${chosen}: lower-case letters, digits and - are wanted, 41 at most`);
}
