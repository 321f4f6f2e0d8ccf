import { layersOf } from './layers.ts';
import { place } from './place.ts';

/** What is laid out: boxes by id, and lines from a client to its server. */
export interface Wanted {
  readonly boxes: readonly string[];
  readonly links: readonly { readonly from: string; readonly to: string }[];
}

export interface LayoutOptions {
  /** Servers at the left and clients at the right, or servers above and clients below. */
  readonly direction: 'across' | 'down';
  readonly boxWidth: number;
  readonly boxHeight: number;
  /** Between two boxes of a layer. */
  readonly gap: number;
  /** Between two layers: where the lines run. */
  readonly layerGap: number;
  /** Boxes side by side in a layer at most. */
  readonly mostPerLayer: number;
}

export interface Placed {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly layers: number;
  readonly width: number;
  readonly height: number;
  /** The upper left corner of each box. */
  readonly boxes: ReadonlyMap<string, Placed>;
  /** For each line, in their order: an SVG path from the server to the client. */
  readonly paths: readonly string[];
}

/** Room of a line that passes a layer. */
const LANE = 10;
const MARGIN = 6;

/** Lays boxes out in layers: each to the one side of all that it is a client of. */
export function layout({ boxes, links }: Wanted, options: LayoutOptions): Layout {
  const isDown = options.direction === 'down';
  const along = isDown ? options.boxWidth : options.boxHeight;
  const across = isDown ? options.boxHeight : options.boxWidth;
  const { layers, chains } = layersOf(boxes, links, options.mostPerLayer);
  const centres = place(layers, chains, (id) => (boxes.includes(id) ? along : LANE), options.gap);
  const low = Math.min(0, ...boxes.map((id) => (centres.get(id) ?? 0) - along / 2));
  const high = Math.max(0, ...boxes.map((id) => (centres.get(id) ?? 0) + along / 2));
  const lanes = [...centres.values()];
  const from = Math.min(low, ...lanes) - MARGIN;
  const length = Math.max(high, ...lanes) + MARGIN - from;
  const depth = layers.length * across + Math.max(0, layers.length - 1) * options.layerGap + 2 * MARGIN;
  const start = (layer: number): number => MARGIN + layer * (across + options.layerGap);
  const spot = (layer: number, centre: number): Placed => {
    const side = centre - from - along / 2;
    return isDown ? { x: side, y: start(layer) } : { x: start(layer), y: side };
  };
  const placed = new Map<string, Placed>();
  for (const [at, layer] of layers.entries()) {
    for (const id of layer) if (boxes.includes(id)) placed.set(id, spot(at, centres.get(id) ?? 0));
  }
  const layerOf = new Map(layers.flatMap((layer, at) => layer.map((id) => [id, at] as const)));
  const ends = portsOf(chains, centres, along);
  const paths = chains.map((chain, link) =>
    pathOf(
      chain.map((id, at) => ({
        start: start(layerOf.get(id) ?? 0),
        centre: (ends.get(`${link} ${at}`) ?? centres.get(id) ?? 0) - from,
      })),
      across,
      isDown,
    ),
  );
  return {
    layers: layers.length,
    width: isDown ? length : depth,
    height: isDown ? depth : length,
    boxes: placed,
    paths,
  };
}

/** Lines that end at one side of a box are spread over it, in the order of where they come from. */
function portsOf(
  chains: readonly (readonly string[])[],
  centres: ReadonlyMap<string, number>,
  along: number,
): ReadonlyMap<string, number> {
  const sides = new Map<string, { readonly key: string; readonly toward: number }[]>();
  for (const [link, chain] of chains.entries()) {
    const last = chain.length - 1;
    for (const [at, next, side] of [
      [0, 1, 'out'],
      [last, last - 1, 'in'],
    ] as const) {
      const name = `${side} ${chain[at]}`;
      const ends = sides.get(name) ?? [];
      ends.push({ key: `${link} ${at}`, toward: centres.get(chain[next] ?? '') ?? 0 });
      sides.set(name, ends);
    }
  }
  const ports = new Map<string, number>();
  for (const [name, ends] of sides) {
    const centre = centres.get(name.slice(name.indexOf(' ') + 1)) ?? 0;
    const step = Math.min(14, (along * 0.7) / Math.max(1, ends.length));
    ends.sort((a, b) => a.toward - b.toward);
    for (const [at, { key }] of ends.entries()) ports.set(key, centre + (at - (ends.length - 1) / 2) * step);
  }
  return ports;
}

interface Stop {
  /** Where its layer begins. */
  readonly start: number;
  readonly centre: number;
}

/** A smooth line through a lane of each layer, from the far side of the server to the near side of the client. */
function pathOf(stops: readonly Stop[], across: number, isDown: boolean): string {
  const point = (forth: number, side: number): string => {
    const [a, b] = isDown ? [side, forth] : [forth, side];
    return `${a.toFixed(1)} ${b.toFixed(1)}`;
  };
  const [first, ...others] = stops;
  if (first === undefined) return '';
  let path = `M${point(first.start + across, first.centre)}`;
  let before: Stop = first;
  for (const [at, stop] of others.entries()) {
    const leave = before.start + across;
    const half = (leave + stop.start) / 2;
    path += `C${point(half, before.centre)} ${point(half, stop.centre)} ${point(stop.start, stop.centre)}`;
    if (at < others.length - 1) path += `L${point(stop.start + across, stop.centre)}`;
    before = stop;
  }
  return path;
}
