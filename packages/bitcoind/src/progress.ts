/** One step of getting bitcoind, for a line on a screen. */
export interface ObtainProgress {
  readonly step: 'search' | 'wait' | 'update' | 'resolve' | 'download' | 'unpack' | 'check' | 'ready';
  readonly text: string;
  /** Present while something of known size is on its way. */
  readonly bytes?: { readonly done: number; readonly total: number };
}
export type OnProgress = (progress: ObtainProgress) => void;
