import type { HealthView, ListenView, PeerView, UpstreamView } from '@sv2kit/monitor';
import { addressOf, hostPort, isHere, type Address } from './address.ts';
import { groupsOf } from './groups.ts';

/** What a line carries. `node` is what a Bitcoin node speaks: RPC, ZMQ, IPC. */
export type LinkProtocol = 'mining' | 'v1' | 'job-declaration' | 'template-distribution' | 'node';

/** A role, as far as it is known. */
export interface RoleFacts {
  readonly name: string;
  /** pool, jd-client, translator … */
  readonly kind: string;
  readonly state: 'reachable' | 'unreachable' | 'refused';
  readonly reason?: string;
  readonly sinceMs: number;
  readonly health?: Pick<HealthView, 'state' | 'serving' | 'conditions'>;
  readonly listens: readonly ListenView[];
  readonly upstreams: readonly UpstreamView[];
  readonly peers: readonly PeerView[];
}

export type BoxState = 'ok' | 'degraded' | 'failing' | 'starting' | 'stopping' | 'away' | 'unknown';

/** Something with a place in the picture. */
export interface Box {
  readonly id: string;
  readonly type: 'role' | 'node' | 'outside' | 'group';
  readonly label: string;
  /** What it is, in words. */
  readonly what: string;
  readonly state: BoxState;
  readonly reason?: string;
  /** The role that tells of it. */
  readonly role?: string;
  /** Of a group: how many it stands for. */
  readonly count?: number;
}

/** A connection, or several that look the same. */
export interface Link {
  readonly id: string;
  /** The box of the client. */
  readonly from: string;
  /** The box of the server. */
  readonly to: string;
  readonly protocol: LinkProtocol;
  readonly isUp: boolean;
  /** It carries what is worked on now; others stand by. */
  readonly isActive: boolean;
  readonly state: string;
  readonly reason?: string;
  readonly count?: number;
}

export interface Graph {
  readonly boxes: readonly Box[];
  readonly links: readonly Link[];
}

const PROTOCOL_OF: Readonly<Record<UpstreamView['kind'], LinkProtocol>> = {
  pool: 'mining',
  'v1-pool': 'v1',
  'template-provider': 'template-distribution',
  'job-declarator': 'job-declaration',
  node: 'node',
};
const WORDS_OF: Readonly<Record<UpstreamView['kind'], string>> = {
  pool: 'pool',
  'v1-pool': 'Stratum V1 pool',
  'template-provider': 'template provider',
  'job-declarator': 'job declarator server',
  node: 'Bitcoin node',
};
/** What an upstream's state is called while it is of use. */
const UP = new Set(['ok', 'connected', 'active', 'standby', 'idle', 'unused', 'ready', 'up']);

interface Door extends Address {
  readonly box: string;
  readonly protocol: string;
}

/** What the roles tell of themselves and of each other, as one picture. */
export function graphOf(roles: readonly RoleFacts[]): Graph {
  const boxes = new Map<string, Box>();
  const links = new Map<string, Link>();
  const doors: Door[] = [];
  for (const role of roles) {
    for (const part of partsOf(role)) boxes.set(boxId(role, part), roleBox(role, part));
    for (const { part, protocol, host, port } of role.listens) {
      doors.push({ box: boxId(role, part), protocol, host, port });
    }
  }
  for (const role of roles) {
    for (const upstream of role.upstreams) {
      const from = boxId(role, upstream.part);
      const to = serverOf(upstream, doors, from, boxes);
      const link = linkOf(role, upstream, from, to);
      const before = links.get(link.id);
      if (before === undefined || (!before.isUp && link.isUp)) links.set(link.id, link);
    }
  }
  for (const { box, link } of groupsOf(roles, [...links.values()], boxId, boxes)) {
    boxes.set(box.id, box);
    links.set(link.id, link);
  }
  return { boxes: [...boxes.values()], links: [...links.values()] };
}

/** The box of a role, or of one of several roles in one process. */
function boxId({ name }: Pick<RoleFacts, 'name'>, part: string | undefined): string {
  return part === undefined ? `role ${name}` : `role ${name} ${part}`;
}

/** The roles in one process by name; one without a name where it is one. */
function partsOf({ listens, upstreams, peers }: RoleFacts): readonly (string | undefined)[] {
  const named = [...listens, ...upstreams, ...peers].flatMap(({ part }) => (part === undefined ? [] : [part]));
  return named.length === 0 ? [undefined] : [...new Set(named)];
}

function roleBox(role: RoleFacts, part: string | undefined): Box {
  const { state, reason } = stateOf(role);
  return {
    id: boxId(role, part),
    type: 'role',
    label: part ?? role.name,
    what: part === undefined ? role.kind : `${part} in ${role.name}`,
    state,
    role: role.name,
    ...(reason !== undefined && { reason }),
  };
}

function stateOf({ state, reason, health }: RoleFacts): { readonly state: BoxState; readonly reason?: string } {
  if (state !== 'reachable') return { state: 'away', ...(reason !== undefined && { reason }) };
  if (health === undefined) return { state: 'unknown' };
  const why = health.conditions
    .filter(({ ok }) => !ok)
    .map(({ name, reason: text }) => (text === undefined ? name : `${name}: ${text}`))
    .join('; ');
  const told = why === '' ? {} : { reason: why };
  if (health.state === 'degraded') return { state: health.serving ? 'degraded' : 'failing', ...told };
  return { state: health.state, ...told };
}

/** The box that an upstream is: a role that listens there, else one of its own. */
function serverOf(upstream: UpstreamView, doors: readonly Door[], from: string, boxes: Map<string, Box>): string {
  const address = addressOf(upstream.url) ?? addressOf(upstream.name);
  const protocol = PROTOCOL_OF[upstream.kind];
  const found = address === undefined ? undefined : doorAt(address, protocol, doors, from);
  if (found !== undefined) return found.box;
  const label = address === undefined ? upstream.name : hostPort(address);
  const id = `${upstream.kind} ${label}`;
  const isUp = UP.has(upstream.state);
  const before = boxes.get(id);
  if (before === undefined || (before.state === 'away' && isUp)) {
    boxes.set(id, {
      id,
      type: upstream.kind === 'node' ? 'node' : 'outside',
      label,
      what: WORDS_OF[upstream.kind],
      state: isUp ? 'ok' : 'away',
      ...(!isUp && { reason: upstream.reason ?? upstream.state }),
    });
  }
  return id;
}

function doorAt(address: Address, protocol: LinkProtocol, doors: readonly Door[], from: string): Door | undefined {
  const fits = (door: Door): boolean =>
    door.box !== from && door.port === address.port && (door.protocol === protocol || isMiningTo(door, protocol));
  const there = doors.filter(fits);
  return there.find(({ host }) => host === address.host) ?? there.find(({ host }) => isHere(host, address.host));
}

/** A role may take both kinds of miners at one port. */
function isMiningTo({ protocol }: Door, wanted: LinkProtocol): boolean {
  return (protocol === 'v1' && wanted === 'mining') || (protocol === 'mining' && wanted === 'v1');
}

function linkOf(role: RoleFacts, upstream: UpstreamView, from: string, to: string): Link {
  const isV1 = upstream.kind === 'v1-pool' || /^stratum\+(tcp|ssl|tls)/.test(upstream.url ?? '');
  const protocol = isV1 ? 'v1' : PROTOCOL_OF[upstream.kind];
  const isUp = role.state === 'reachable' && UP.has(upstream.state);
  const reason = upstream.reason ?? (role.state === 'reachable' ? undefined : role.reason);
  return {
    id: `${from} > ${to} ${protocol}`,
    from,
    to,
    protocol,
    isUp,
    isActive: upstream.active ?? true,
    state: role.state === 'reachable' ? upstream.state : 'unknown',
    ...(reason !== undefined && { reason }),
  };
}
