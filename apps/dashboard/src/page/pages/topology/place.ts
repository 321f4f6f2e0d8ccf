/** Times that places are looked over: they settle sooner. */
const ROUNDS = 12;

/**
 * Where in its layer each box and lane has its centre: near what it is connected to, in the order given, and no two
 * nearer than a gap.
 */
export function place(
  layers: readonly (readonly string[])[],
  chains: readonly (readonly string[])[],
  size: (id: string) => number,
  gap: number,
): ReadonlyMap<string, number> {
  const centres = new Map<string, number>();
  for (const layer of layers) settle(layer, () => 0, size, gap, centres);
  const near = new Map<string, string[]>();
  for (const chain of chains) {
    for (let at = 1; at < chain.length; at += 1) {
      const [a = '', b = ''] = [chain[at - 1], chain[at]];
      near.set(a, [...(near.get(a) ?? []), b]);
      near.set(b, [...(near.get(b) ?? []), a]);
    }
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const layer of layers) {
      const wish = (id: string): number => {
        const others = near.get(id) ?? [];
        if (others.length === 0) return centres.get(id) ?? 0;
        return others.reduce((sum, other) => sum + (centres.get(other) ?? 0), 0) / others.length;
      };
      settle(layer, wish, size, gap, centres);
    }
  }
  return centres;
}

interface Run {
  sum: number;
  count: number;
}

/** As near to the wishes as the order and the gaps allow (least squares: pool adjacent violators). */
function settle(
  layer: readonly string[],
  wish: (id: string) => number,
  size: (id: string) => number,
  gap: number,
  centres: Map<string, number>,
): void {
  const offsets: number[] = [];
  let offset = 0;
  for (const [at, id] of layer.entries()) {
    const before = layer[at - 1];
    if (before !== undefined) offset += (size(before) + size(id)) / 2 + gap;
    offsets.push(offset);
  }
  // Placed anew, a layer of which nobody has a wish stands in the middle.
  const runs: Run[] = [];
  for (const [at, id] of layer.entries()) {
    let run: Run = { sum: wish(id) - (offsets[at] ?? 0), count: 1 };
    for (
      let last = runs.at(-1);
      last !== undefined && last.sum / last.count >= run.sum / run.count;
      last = runs.at(-1)
    ) {
      run = { sum: run.sum + last.sum, count: run.count + last.count };
      runs.pop();
    }
    runs.push(run);
  }
  let at = 0;
  for (const { sum, count } of runs) {
    for (let i = 0; i < count; i += 1, at += 1) {
      const id = layer[at];
      if (id !== undefined) centres.set(id, sum / count + (offsets[at] ?? 0));
    }
  }
}
