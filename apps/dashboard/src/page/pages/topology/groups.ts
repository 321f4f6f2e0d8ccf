import type { PeerView } from '@sv2kit/monitor';
import type { Box, Link, LinkProtocol, RoleFacts } from './graph.ts';

/** Those connected to a role of whom no other role tells. */
export interface Group {
  readonly box: Box;
  readonly link: Link;
}

/** Kinds of devices that a group names. */
const NAMED_DEVICES = 3;
const DEVICE_LENGTH = 40;

const WORDS: Readonly<Record<LinkProtocol, readonly [string, string]>> = {
  mining: ['device', 'devices'],
  v1: ['V1 device', 'V1 devices'],
  'job-declaration': ['job declarator client', 'job declarator clients'],
  'template-distribution': ['template client', 'template clients'],
  node: ['node', 'nodes'],
};

/** One group for each protocol of each role, without the peers that are drawn as roles. */
export function groupsOf(
  roles: readonly RoleFacts[],
  links: readonly Link[],
  boxId: (role: RoleFacts, part: string | undefined) => string,
  boxes: ReadonlyMap<string, Box>,
): readonly Group[] {
  return roles.flatMap((role) => {
    const byDoor = new Map<
      string,
      { readonly to: string; readonly protocol: LinkProtocol; readonly peers: PeerView[] }
    >();
    for (const peer of role.peers) {
      const to = boxId(role, peer.part);
      const protocol = protocolOf(peer);
      const key = `${to} ${protocol}`;
      const door = byDoor.get(key) ?? { to, protocol, peers: [] };
      door.peers.push(peer);
      byDoor.set(key, door);
    }
    return [...byDoor.values()].flatMap(({ to, protocol, peers }) => {
      const clients = links.filter((link) => link.to === to && link.protocol === protocol);
      const unknown = without(peers, clients, boxes);
      return unknown.length === 0 ? [] : [groupOf(to, protocol, unknown, role.state === 'reachable')];
    });
  });
}

function protocolOf({ protocol }: PeerView): LinkProtocol {
  switch (protocol) {
    case 'v1':
    case 'job-declaration':
    case 'template-distribution':
      return protocol;
    default:
      return 'mining';
  }
}

/**
 * Takes one peer away for each role that is connected: one that calls itself what the role is, where there is one. A role
 * that cannot be asked may be connected all the same: for it only such a one goes.
 */
function without(
  peers: readonly PeerView[],
  clients: readonly Link[],
  boxes: ReadonlyMap<string, Box>,
): readonly PeerView[] {
  const left = [...peers];
  const kindOf = ({ from }: Link): string => boxes.get(from)?.what.split(' ')[0] ?? '';
  const isNamed = (client: Link): boolean => takeAway(left, ({ device }) => device.includes(kindOf(client) || '\0'));
  const unnamed = clients.filter(
    (client) => (client.isUp || client.state === 'unknown') && !isNamed(client) && client.isUp,
  );
  return left.slice(0, Math.max(0, left.length - unnamed.length));
}

function takeAway(peers: PeerView[], fits: (peer: PeerView) => boolean): boolean {
  const at = peers.findIndex(fits);
  if (at >= 0) peers.splice(at, 1);
  return at >= 0;
}

function groupOf(to: string, protocol: LinkProtocol, peers: readonly PeerView[], isUp: boolean): Group {
  const [one, many] = WORDS[protocol];
  const id = `group ${to} ${protocol}`;
  const count = peers.length;
  return {
    box: {
      id,
      type: 'group',
      label: `${count} ${count === 1 ? one : many}`,
      what: devicesOf(peers),
      state: isUp ? 'ok' : 'unknown',
      count,
    },
    link: {
      id: `${id} > ${to}`,
      from: id,
      to,
      protocol,
      isUp,
      isActive: true,
      state: isUp ? 'connected' : 'unknown',
      count,
    },
  };
}

/** The most frequent names of devices, and how many more there are. */
function devicesOf(peers: readonly PeerView[]): string {
  const counts = new Map<string, number>();
  for (const { device } of peers) {
    const name = device.trim() === '' ? 'unnamed' : device.trim().slice(0, DEVICE_LENGTH);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const named = [...counts].sort(([, a], [, b]) => b - a);
  const shown = named.slice(0, NAMED_DEVICES).map(([name, count]) => (count === 1 ? name : `${count} × ${name}`));
  const more = named.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} other kinds` : shown.join(', ');
}
