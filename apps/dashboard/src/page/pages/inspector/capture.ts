import { useEffect, useMemo, useState } from 'preact/hooks';
import { CaptureBuffer, type Captured } from './captured.ts';
import { readTap } from './stream.ts';

/** How the look at a connection is. */
export type TapState =
  | { readonly state: 'opening' }
  | { readonly state: 'open' }
  | { readonly state: 'ended'; readonly reason: string };

/** What is shown of a capture. */
export interface Capture {
  readonly tap: TapState;
  readonly messages: readonly Captured[];
  /** While it is held: what came since. */
  readonly waiting: number;
  readonly isHeld: boolean;
  /** Came and are no longer kept here. */
  readonly dropped: number;
  /** Left out by the role. */
  readonly missed: number;
  readonly seen: number;
  hold(): void;
  resume(): void;
  clear(): void;
  /** Looks again, after it ended. */
  again(): void;
}

/** However many messages come, what is shown changes only so often. */
const DRAW_EVERY_MS = 120;

interface Shown {
  readonly tap: TapState;
  readonly messages: readonly Captured[];
  readonly dropped: number;
  readonly seen: number;
  readonly missed: number;
}
const NOTHING: Shown = { tap: { state: 'opening' }, messages: [], dropped: 0, seen: 0, missed: 0 };

/** What goes over a connection, as it goes, while the page is looked at. */
export function useCapture(path: string): Capture {
  const [turn, setTurn] = useState(0);
  const [shown, setShown] = useState<Shown>(NOTHING);
  const [held, setHeld] = useState<Shown>();
  const buffer = useMemo(() => new CaptureBuffer(), [path]);
  useEffect(() => {
    const ends = new AbortController();
    let tap: TapState = { state: 'opening' };
    let missed = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      setShown({ tap, messages: buffer.list(), dropped: buffer.dropped, seen: buffer.seen, missed });
    };
    const drawSoon = () => {
      timer ??= setTimeout(draw, DRAW_EVERY_MS);
    };
    const reader = {
      onOpen: () => {
        tap = { state: 'open' };
        drawSoon();
      },
      onMessage: (data: unknown) => {
        if (buffer.add(data)) drawSoon();
      },
      onMissed: (count: number) => {
        missed += count;
        drawSoon();
      },
    };
    draw();
    void readTap(path, reader, ends.signal).then((reason) => {
      if (reason === undefined) return;
      tap = { state: 'ended', reason };
      drawSoon();
    });
    return () => {
      ends.abort();
      clearTimeout(timer);
    };
  }, [path, turn, buffer]);
  useEffect(() => setHeld(undefined), [path]);
  const { messages, dropped } = held ?? shown;
  return {
    tap: shown.tap,
    messages,
    dropped,
    missed: shown.missed,
    seen: shown.seen,
    isHeld: held !== undefined,
    waiting: held === undefined ? 0 : shown.seen - held.seen,
    hold: () => setHeld(held ?? shown),
    resume: () => setHeld(undefined),
    clear() {
      buffer.clear();
      setHeld(undefined);
      setShown({ ...shown, messages: [], dropped: 0, missed: 0 });
    },
    again: () => setTurn(turn + 1),
  };
}
