import { duration, plain } from '../data/format.ts';
import { streamStore } from '../data/events.ts';
import { tick } from '../data/clock.ts';
import { useRoles } from '../data/roles.ts';
import { useStore } from '../data/store.ts';
import { valueOf } from '../data/snapshot.ts';
import { Badge } from '../parts/badge.tsx';
import { hrefOf } from './route.ts';

/** Whether what one sees is live: the stream of events, and which roles answer. */
export function Connection() {
  const stream = useStore(streamStore);
  const roles = useRoles();
  useStore(tick);
  if (stream.state === 'away') {
    return (
      <p class="connection" role="status">
        <Badge tone="bad" title={stream.reason}>
          {`Not connected for ${duration(Date.now() - stream.sinceMs)}: ${stream.reason}`}
        </Badge>
      </p>
    );
  }
  const away = (valueOf(roles)?.roles ?? []).filter((role) => role.state !== 'reachable');
  return (
    <p class="connection" role="status">
      {away.length > 0 && (
        <a href={hrefOf(['health'])}>
          <Badge tone="bad">
            {away.length === 1 ? `${plain(away[0]?.name ?? '')} not reachable` : `${away.length} roles not reachable`}
          </Badge>
        </a>
      )}
      {stream.state === 'open' ? <Badge tone="good">Live</Badge> : <Badge tone="info">Connecting</Badge>}
    </p>
  );
}
