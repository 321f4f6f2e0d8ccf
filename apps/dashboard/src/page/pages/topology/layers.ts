interface Line {
  readonly from: string;
  readonly to: string;
}

/** Boxes and lanes by layer, and the way of each line through them. */
export interface Layers {
  readonly layers: readonly (readonly string[])[];
  /** For each line, in their order: its server, a lane for each layer between, its client. */
  readonly chains: readonly (readonly string[])[];
}

/** Times that the order is looked over: it settles sooner. */
const SWEEPS = 8;

/**
 * Puts every box behind all that it is a client of, in as few layers as that takes, no layer with more boxes than
 * `most`, and orders them so that few lines cross. Lines to themselves or in a circle run as well as they can.
 */
export function layersOf(boxes: readonly string[], links: readonly Line[], most: number): Layers {
  const depth = depths(boxes, links);
  const rows: string[][] = [];
  for (let at = 0; rows.flat().length < boxes.length; at += 1) {
    const row = boxes.filter((id) => depth.get(id) === at);
    for (let begin = 0; begin < row.length; begin += most) rows.push(row.slice(begin, begin + most));
  }
  const rowOf = new Map(rows.flatMap((row, at) => row.map((id) => [id, at] as const)));
  const chains = links.map(({ from, to }, line) => chainOf(line, to, from, rowOf, rows));
  return { layers: ordered(rows, chains), chains };
}

/** How many steps a box is from those that are clients of nobody. */
function depths(boxes: readonly string[], links: readonly Line[]): ReadonlyMap<string, number> {
  const depth = new Map<string, number>();
  const onTheWay = new Set<string>();
  const visit = (id: string): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    if (onTheWay.has(id)) return -1;
    onTheWay.add(id);
    const servers = links.filter(({ from, to }) => from === id && to !== id);
    const deepest = servers.reduce((max, { to }) => Math.max(max, visit(to) + 1), 0);
    onTheWay.delete(id);
    depth.set(id, deepest);
    return deepest;
  };
  for (const id of boxes) visit(id);
  return compact(boxes, depth);
}

/** Without empty layers: a circle can leave some. */
function compact(boxes: readonly string[], depth: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const used = [...new Set(boxes.map((id) => depth.get(id) ?? 0))].sort((a, b) => a - b);
  return new Map(boxes.map((id) => [id, used.indexOf(depth.get(id) ?? 0)]));
}

function chainOf(
  line: number,
  server: string,
  client: string,
  rowOf: ReadonlyMap<string, number>,
  rows: string[][],
): readonly string[] {
  const chain = [server];
  for (let at = (rowOf.get(server) ?? 0) + 1; at < (rowOf.get(client) ?? 0); at += 1) {
    const lane = `lane ${line} ${at}`;
    rows[at]?.push(lane);
    chain.push(lane);
  }
  return [...chain, client];
}

/** The order with the fewest crossings of some that put each box near what it is connected to. */
function ordered(rows: readonly (readonly string[])[], chains: readonly (readonly string[])[]): readonly string[][] {
  let current = rows.map((row) => [...row]);
  let best = current;
  let fewest = crossings(current, chains);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    current = swept(current, chains, sweep % 2 === 0);
    const count = crossings(current, chains);
    if (count >= fewest) continue;
    fewest = count;
    best = current;
  }
  return best;
}

function swept(rows: readonly string[][], chains: readonly (readonly string[])[], isForth: boolean): string[][] {
  const result = rows.map((row) => [...row]);
  const position = new Map(
    result.flatMap((row) => row.map((id, at) => [id, at / Math.max(1, row.length - 1)] as const)),
  );
  const near = neighbours(chains, isForth);
  const order = isForth ? result.keys() : [...result.keys()].reverse();
  for (const at of order) {
    const row = result[at] ?? [];
    const wish = new Map(row.map((id) => [id, mean(near.get(id) ?? [], position) ?? position.get(id) ?? 0] as const));
    row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
    for (const [place, id] of row.entries()) position.set(id, place / Math.max(1, row.length - 1));
  }
  return result;
}

function neighbours(chains: readonly (readonly string[])[], isForth: boolean): ReadonlyMap<string, readonly string[]> {
  const near = new Map<string, string[]>();
  for (const chain of chains) {
    for (let at = 1; at < chain.length; at += 1) {
      const [a = '', b = ''] = isForth ? [chain[at], chain[at - 1]] : [chain[at - 1], chain[at]];
      near.set(a, [...(near.get(a) ?? []), b]);
    }
  }
  return near;
}

function mean(ids: readonly string[], position: ReadonlyMap<string, number>): number | undefined {
  if (ids.length === 0) return undefined;
  return ids.reduce((sum, id) => sum + (position.get(id) ?? 0), 0) / ids.length;
}

function crossings(rows: readonly (readonly string[])[], chains: readonly (readonly string[])[]): number {
  const place = new Map(rows.flatMap((row, layer) => row.map((id, at) => [id, { layer, at }] as const)));
  const byLayer = new Map<number, (readonly [number, number])[]>();
  for (const chain of chains) {
    for (let at = 1; at < chain.length; at += 1) {
      const a = place.get(chain[at - 1] ?? '');
      const b = place.get(chain[at] ?? '');
      if (a === undefined || b === undefined) continue;
      byLayer.set(a.layer, [...(byLayer.get(a.layer) ?? []), [a.at, b.at]]);
    }
  }
  let count = 0;
  for (const steps of byLayer.values()) {
    for (const [at, [a, b]] of steps.entries()) {
      for (const [c, d] of steps.slice(at + 1)) if ((a - c) * (b - d) < 0) count += 1;
    }
  }
  return count;
}
