/** A tile of a treemap, in the units of the area that it was laid out in. */
export interface Tile {
  /** Which of the sizes it is for. */
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Sized {
  readonly index: number;
  readonly area: number;
}

/**
 * Squarified treemap: fills the area with tiles in proportion to their sizes, the largest first, none needlessly thin.
 * What has no size has no tile.
 */
export function treemap(sizes: readonly number[], width: number, height: number): readonly Tile[] {
  const total = sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  if (total <= 0 || width <= 0 || height <= 0) return [];
  const scale = (width * height) / total;
  const items = sizes
    .map((size, index): Sized => ({ index, area: size * scale }))
    .filter(({ area }) => area > 0)
    .sort((a, b) => b.area - a.area || a.index - b.index);
  const tiles: Tile[] = [];
  let left: Area = { x: 0, y: 0, width, height };
  for (let at = 0; at < items.length; ) {
    const end = rowEnd(items, at, Math.min(left.width, left.height));
    left = layRow(items.slice(at, end), left, tiles);
    at = end;
  }
  return tiles;
}

/** Takes tiles into a row as long as its worst one gets no thinner by it. */
function rowEnd(items: readonly Sized[], start: number, side: number): number {
  let end = start;
  let sum = 0;
  let worst = Number.POSITIVE_INFINITY;
  const largest = items[start]?.area ?? 0;
  for (; end < items.length; end += 1) {
    const area = items[end]?.area ?? 0;
    const next = sum + area;
    const ratio = Math.max((side * side * largest) / (next * next), (next * next) / (side * side * area));
    if (end > start && ratio > worst) break;
    worst = ratio;
    sum = next;
  }
  return end;
}

/** Lays a row along the shorter side; returns what is left of the area. */
function layRow(row: readonly Sized[], area: Area, tiles: Tile[]): Area {
  const sum = row.reduce((total, item) => total + item.area, 0);
  const isColumn = area.width >= area.height;
  const side = isColumn ? area.height : area.width;
  const thickness = side > 0 ? sum / side : 0;
  let offset = 0;
  for (const { index, area: own } of row) {
    const length = thickness > 0 ? own / thickness : 0;
    if (isColumn) tiles.push({ index, x: area.x, y: area.y + offset, width: thickness, height: length });
    else tiles.push({ index, x: area.x + offset, y: area.y, width: length, height: thickness });
    offset += length;
  }
  if (isColumn) return { ...area, x: area.x + thickness, width: Math.max(0, area.width - thickness) };
  return { ...area, y: area.y + thickness, height: Math.max(0, area.height - thickness) };
}
