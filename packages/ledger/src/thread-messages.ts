import type { FilledBuffer } from './writer-host.ts';

/** Journal -> writer thread. Buffers are transferred. */
export type ToWriter =
  | { readonly kind: 'write'; readonly buffers: readonly FilledBuffer[] }
  | { readonly kind: 'close' };

/** Writer thread -> journal. Buffers are transferred back. */
export type FromWriter =
  | { readonly kind: 'written'; readonly watermark: number; readonly buffers: readonly ArrayBuffer[] }
  | { readonly kind: 'failed'; readonly reason: string };
