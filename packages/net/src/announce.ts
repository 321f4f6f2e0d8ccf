import type { SetupConnection } from '@sv2kit/codec';
import type { FrameTap } from '@sv2kit/session';
import type { PeerContext } from './peer-context.ts';
import type { ConnectionTap, WatchableConnection } from './ports.ts';
import type { Remote } from './remote.ts';
import type { WatchableWire } from './wire.ts';

/** By `SetupConnection.protocol`. */
const PROTOCOLS = ['mining', 'job-declaration', 'template-distribution'] as const;

/** A connection that is ready, as far as those who watch it want to know. */
interface Announceable {
  readonly id: number;
  readonly remote: Remote;
  readonly direction: WatchableConnection['direction'];
}
interface Session extends Announceable {
  readonly setup: SetupConnection;
  readonly extensions: ReadonlySet<number>;
  tapFrames(tap: FrameTap | undefined): void;
}

type Announced = { end(reason: string): void } | undefined;

/** Announces a Stratum V2 session, where anybody wants to know. */
export function announceSession(session: Session, { connections, clock }: PeerContext): Announced {
  const protocol = PROTOCOLS[session.setup.protocol];
  if (connections === undefined || protocol === undefined) return undefined;
  const { direction } = session;
  return connections.add({
    protocol,
    direction,
    sinceMs: clock.now(),
    describe() {
      const { id, remote, setup, extensions } = session;
      const device = [setup.vendor, setup.hardwareVersion, setup.firmware].filter((part) => part !== '').join(' ');
      const known = { peer: id, remote: remote.address, extensions: [...extensions] };
      return direction === 'out' || device === '' ? known : { ...known, device };
    },
    tap: (listener: ConnectionTap | undefined) => session.tapFrames(listener),
  });
}

/** The same for a wire that can be watched. */
export function announceWire(
  peer: Announceable,
  watchable: WatchableWire | undefined,
  { connections, clock }: PeerContext,
): Announced {
  if (connections === undefined || watchable === undefined) return undefined;
  const { direction, id, remote } = peer;
  return connections.add({
    protocol: watchable.protocol,
    direction,
    sinceMs: clock.now(),
    describe() {
      const { device = '' } = watchable;
      const known = { peer: id, remote: remote.address };
      return device === '' ? known : { ...known, device };
    },
    tap: (listener) => watchable.tap(listener),
  });
}
