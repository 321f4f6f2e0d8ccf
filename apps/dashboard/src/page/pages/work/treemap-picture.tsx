import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { amount, count, digits, shortHash } from '../../data/format.ts';
import type { TransactionView } from '../../data/views.ts';
import { BAND_EDGES, bandAt } from './fee-bands.ts';
import { feeRate, weightOf } from './transactions.ts';
import { type Tile, treemap } from './treemap.ts';

const HEIGHT = 240;

/** The block as a picture: a tile for each transaction, as large as its weight, the darker the more it pays. */
export function TreemapPicture({ transactions }: { readonly transactions: readonly TransactionView[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(320);
  const [pointed, setPointed] = useState<TransactionView>();
  const tiles = useMemo(
    () =>
      treemap(
        transactions.map((one) => weightOf(one) ?? 0),
        width,
        HEIGHT,
      ),
    [transactions, width],
  );
  useEffect(() => {
    const place = canvas.current?.parentElement;
    if (place === null || place === undefined) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(120, Math.floor(place.clientWidth))));
    observer.observe(place);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const paint = () => canvas.current !== null && draw(canvas.current, tiles, transactions, width);
    paint();
    // The colours are the theme's.
    const watcher = new MutationObserver(paint);
    watcher.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', paint);
    return () => {
      watcher.disconnect();
      scheme.removeEventListener('change', paint);
    };
  }, [tiles, transactions, width]);
  return (
    <figure class="treemap">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${count(transactions.length)} transactions by weight; the list below has each of them`}
        onPointerMove={({ offsetX, offsetY }) => setPointed(at(tiles, transactions, offsetX, offsetY))}
        onPointerLeave={() => setPointed(undefined)}
      />
      <figcaption class="soft">
        {pointed === undefined
          ? 'Each tile is a transaction, as large as its weight; the stronger, the more it pays.'
          : inWords(pointed)}
      </figcaption>
    </figure>
  );
}

function inWords(transaction: TransactionView): string {
  const rate = feeRate(transaction);
  const weight = weightOf(transaction);
  const parts = [
    shortHash(transaction.txid),
    ...(rate === undefined ? [] : [`${digits(rate)} sat/vB`]),
    ...(transaction.fee === undefined ? [] : [amount(transaction.fee)]),
    ...(weight === undefined ? [] : [`${count(weight)} WU`]),
  ];
  return parts.join(' · ');
}

function at(
  tiles: readonly Tile[],
  transactions: readonly TransactionView[],
  x: number,
  y: number,
): TransactionView | undefined {
  const tile = tiles.find((one) => x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height);
  return tile === undefined ? undefined : transactions[tile.index];
}

function draw(
  canvas: HTMLCanvasElement,
  tiles: readonly Tile[],
  transactions: readonly TransactionView[],
  width: number,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const scale = devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  context.scale(scale, scale);
  context.clearRect(0, 0, width, HEIGHT);
  const style = getComputedStyle(canvas);
  const gap = tiles.length > 1500 ? 0.3 : 1;
  context.fillStyle = style.color;
  for (const tile of tiles) {
    const transaction = transactions[tile.index];
    const rate = transaction === undefined ? undefined : feeRate(transaction);
    context.globalAlpha = rate === undefined ? 0.12 : 0.25 + (0.75 * bandAt(rate)) / (BAND_EDGES.length - 1);
    context.fillRect(tile.x, tile.y, Math.max(0.5, tile.width - gap), Math.max(0.5, tile.height - gap));
  }
  context.globalAlpha = 1;
}
