import { hrefOf } from '../../app/route.ts';
import { useResources } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import type { Snapshot } from '../../data/snapshot.ts';
import type { HealthView } from '../../data/views.ts';
import { Badge, type Tone, toneOf } from '../../parts/badge.tsx';
import { Name } from '../../parts/text.tsx';

/** Every role and how it is; leads to the reasons. */
export function RoleStrip({ roles }: { readonly roles: readonly KnownRole[] }) {
  const healths = useResources<HealthView>(roles, 'health');
  return (
    <ul class="role-strip" aria-label="Roles">
      {roles.map((role, i) => {
        const { tone, state, reason } = stateOf(role, healths[i]);
        return (
          <li key={role.name}>
            <a href={hrefOf(['health'], { role: role.name })} title={reason}>
              <Name most={28}>{role.name}</Name>
              <Badge tone={tone}>{state}</Badge>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

/** How a role is, of what it said and what the dashboard knows of it. */
export function stateOf(
  role: KnownRole,
  health: Snapshot<HealthView> | undefined,
): { tone: Tone; state: string; reason?: string } {
  if (role.state !== 'reachable') {
    return { tone: 'bad', state: 'not reachable', ...(role.reason !== undefined && { reason: role.reason }) };
  }
  switch (health?.state) {
    case 'there': {
      const { state, serving, reason } = health.value;
      const tone = state === 'degraded' && !serving ? 'bad' : toneOf(state);
      return { tone, state, ...(reason !== undefined && { reason }) };
    }
    case 'stale':
    case 'unreachable':
      return { tone: 'bad', state: 'not reachable', reason: health.reason };
    case 'loading':
    case 'absent':
    case undefined:
      return { tone: 'idle', state: '…' };
    default:
      return health satisfies never;
  }
}
