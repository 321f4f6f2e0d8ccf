import type { ListenView, PeerView, UpstreamView } from '@sv2kit/monitor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf, isHere } from '../../src/page/pages/topology/address.ts';
import { graphOf, type RoleFacts } from '../../src/page/pages/topology/graph.ts';
import { layout, type LayoutOptions } from '../../src/page/pages/topology/layout.ts';

const role = (name: string, kind: string, more: Partial<RoleFacts> = {}): RoleFacts => ({
  name,
  kind,
  state: 'reachable',
  sinceMs: 0,
  health: { state: 'ok', serving: true, conditions: [] },
  listens: [],
  upstreams: [],
  peers: [],
  ...more,
});
const listens = (protocol: ListenView['protocol'], port: number, host = '127.0.0.1'): ListenView => ({
  protocol,
  host,
  port,
});
const upstream = (kind: UpstreamView['kind'], url: string, more: Partial<UpstreamView> = {}): UpstreamView => ({
  name: url,
  kind,
  url,
  state: 'ok',
  stats: {},
  ...more,
});
const peer = (device: string, protocol = 'mining'): PeerView => ({
  connection: 1,
  protocol,
  device,
  channels: 1,
  sinceMs: 0,
});

describe('the picture of the roles', () => {
  test('joins a client to the role that listens where it connects', () => {
    const { boxes, links } = graphOf([
      role('pool', 'pool', {
        listens: [listens('mining', 3336, '0.0.0.0')],
        upstreams: [upstream('template-provider', '127.0.0.1:8442'), upstream('node', '127.0.0.1:8332')],
      }),
      role('templates', 'template-provider', {
        listens: [listens('template-distribution', 8442)],
        upstreams: [upstream('node', '127.0.0.1:8332')],
      }),
      role('jdc', 'jd-client', {
        upstreams: [upstream('pool', 'stratum2+tcp://localhost:3336/9bXiEd8boQVhq7WddEcERUL5tyyJ')],
      }),
    ]);
    expect(boxes.map(({ id }) => id)).toEqual(['role pool', 'role templates', 'role jdc', 'node 127.0.0.1:8332']);
    expect(links.map(({ from, to, protocol }) => `${from} > ${to}: ${protocol}`)).toEqual([
      'role pool > role templates: template-distribution',
      'role pool > node 127.0.0.1:8332: node',
      'role templates > node 127.0.0.1:8332: node',
      'role jdc > role pool: mining',
    ]);
  });

  test('counts who is connected and is no role that is known', () => {
    const { boxes, links } = graphOf([
      role('pool', 'pool', {
        listens: [listens('mining', 3336)],
        peers: [peer('sv2kit jd-client'), peer('Bitaxe'), peer('Bitaxe'), peer('S19', 'v1')],
      }),
      role('jdc', 'jd-client', { upstreams: [upstream('pool', '127.0.0.1:3336')] }),
    ]);
    const groups = boxes.filter(({ type }) => type === 'group');
    expect(groups.map(({ label, what }) => `${label}: ${what}`)).toEqual(['2 devices: 2 × Bitaxe', '1 V1 device: S19']);
    expect(links.filter(({ count }) => count !== undefined).map(({ protocol }) => protocol)).toEqual(['mining', 'v1']);
  });

  test('counts a role that cannot be asked as itself where somebody else tells that it is connected', () => {
    const { boxes } = graphOf([
      role('pool', 'pool', {
        listens: [listens('mining', 3336)],
        peers: [peer('sv2kit jd-client'), peer('Bitaxe')],
      }),
      role('jdc', 'jd-client', { state: 'unreachable', upstreams: [upstream('pool', '127.0.0.1:3336')] }),
    ]);
    expect(boxes.filter(({ type }) => type === 'group').map(({ what }) => what)).toEqual(['Bitaxe']);
  });

  test('draws a role that is away with the reason, and what is behind it as unknown', () => {
    const { boxes, links } = graphOf([
      role('pool', 'pool', {
        state: 'unreachable',
        reason: 'nobody listens there',
        listens: [listens('mining', 3336)],
        upstreams: [upstream('node', '127.0.0.1:8332')],
      }),
      role('device', 'mining-device', {
        upstreams: [upstream('pool', 'stratum+tcp://127.0.0.1:3336', { state: 'connecting', reason: 'refused' })],
      }),
    ]);
    expect(boxes[0]).toMatchObject({ state: 'away', reason: 'nobody listens there' });
    expect(links).toMatchObject([
      { isUp: false, state: 'unknown' },
      { isUp: false, state: 'connecting', reason: 'refused', protocol: 'v1', to: 'role pool' },
    ]);
  });

  test('has a box of its own for each of several roles in one process', () => {
    const { boxes, links } = graphOf([
      role('pool-with-jds', 'pool-with-jds', {
        listens: [
          { ...listens('mining', 3336), part: 'pool' },
          { ...listens('job-declaration', 3337), part: 'jd-server' },
        ],
      }),
      role('jdc', 'jd-client', { upstreams: [upstream('job-declarator', '127.0.0.1:3337')] }),
    ]);
    expect(boxes.map(({ label }) => label)).toEqual(['pool', 'jd-server', 'jdc']);
    expect(links[0]?.to).toBe('role pool-with-jds jd-server');
  });

  test('tells why a role is not of full use', () => {
    const conditions = [{ name: 'template', ok: false, reason: 'too old', sinceMs: 0 }];
    const stateOf = (serving: boolean) =>
      graphOf([role('pool', 'pool', { health: { state: 'degraded', serving, conditions } })]).boxes[0];
    expect(stateOf(true)).toMatchObject({ state: 'degraded', reason: 'template: too old' });
    expect(stateOf(false)).toMatchObject({ state: 'failing' });
  });
});

test('an address is read from URLs, from host and port, and from the end of a name', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['127.0.0.1:3336', '127.0.0.1 3336'],
    ['stratum2+tcp://Pool.Example:3336/9bXiEd8boQ', 'pool.example 3336'],
    ['stratum+tcp://[::1]:3333', '::1 3333'],
    ['job-declarator 127.0.0.1:3337', '127.0.0.1 3337'],
    ['http://user@node:8332/wallet', 'node 8332'],
    ['template-provider', undefined],
    ['host:99999', undefined],
  ];
  for (const [text, expected] of cases) {
    const found = addressOf(text);
    expect(found && `${found.host} ${found.port}`).toBe(expected);
  }
  fc.assert(fc.property(fc.string(), (text) => void addressOf(text)));
  expect([isHere('0.0.0.0', 'pool.example'), isHere('127.0.0.1', 'localhost'), isHere('10.0.0.1', '10.0.0.2')]).toEqual(
    [true, true, false],
  );
});

describe('the layout', () => {
  const graph = fc
    .integer({ min: 1, max: 14 })
    .chain((size) =>
      fc.record({
        boxes: fc.constant(Array.from({ length: size }, (_, at) => `b${at}`)),
        links: fc.array(fc.record({ from: fc.nat(size - 1), to: fc.nat(size - 1) }), { maxLength: 25 }),
      }),
    )
    .map(({ boxes, links }) => ({ boxes, links: links.map(({ from, to }) => ({ from: `b${from}`, to: `b${to}` })) }));
  const options = fc.record({
    direction: fc.constantFrom('across' as const, 'down' as const),
    boxWidth: fc.constant(100),
    boxHeight: fc.constant(40),
    gap: fc.constant(8),
    layerGap: fc.constant(60),
    mostPerLayer: fc.integer({ min: 1, max: 6 }),
  });

  test('has each box once, inside the picture, and none over another; whatever is connected with what', () => {
    fc.assert(
      fc.property(graph, options, (wanted, chosen: LayoutOptions) => {
        const { boxes, width, height, paths } = layout(wanted, chosen);
        expect(boxes.size).toBe(wanted.boxes.length);
        expect(paths).toHaveLength(wanted.links.length);
        const all = [...boxes.values()];
        for (const [at, a] of all.entries()) {
          expect(a.x >= 0 && a.y >= 0 && a.x + 100 <= width + 1e-6 && a.y + 40 <= height + 1e-6).toBe(true);
          for (const b of all.slice(at + 1)) {
            const apart = Math.abs(a.x - b.x) >= 100 - 1e-6 || Math.abs(a.y - b.y) >= 40 - 1e-6;
            expect(apart).toBe(true);
          }
        }
        for (const path of paths) expect(path).not.toMatch(/NaN|Infinity/);
      }),
    );
  });

  test('puts a client behind all its servers where nothing goes in a circle', () => {
    fc.assert(
      fc.property(graph, options, ({ boxes, links }, chosen: LayoutOptions) => {
        const forward = links.filter(({ from, to }) => Number(from.slice(1)) > Number(to.slice(1)));
        const placed = layout({ boxes, links: forward }, chosen).boxes;
        for (const { from, to } of forward) {
          const axis = chosen.direction === 'down' ? 'y' : 'x';
          expect(placed.get(from)?.[axis]).toBeGreaterThan(placed.get(to)?.[axis] ?? 0);
        }
      }),
    );
  });
});
