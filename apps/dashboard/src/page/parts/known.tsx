import type { ComponentChildren } from 'preact';
import { duration, utc, when } from '../data/format.ts';
import type { Snapshot } from '../data/snapshot.ts';
import { tick } from '../data/clock.ts';
import { useStore } from '../data/store.ts';
import { Empty } from './panel.tsx';

interface KnownProps<T> {
  readonly of: Snapshot<T>;
  /** In the words that one reads when it is not there: `the workers`. */
  readonly what: string;
  /** Who would tell: `pool`. */
  readonly who?: string;
  readonly children: (value: T) => ComponentChildren;
  /** Instead of the sentence where the role has no such thing. */
  readonly absent?: ComponentChildren;
}

/** What is known of a resource: the value, the last one greyed when it is no longer told, or why there is none. */
export function Known<T>({ of, what, who = 'the role', children, absent }: KnownProps<T>) {
  switch (of.state) {
    case 'loading':
      return <Loading what={what} />;
    case 'there':
      return <>{children(of.value)}</>;
    case 'stale':
      return (
        <>
          <Away sinceMs={of.sinceMs} who={who} reason={of.reason} atMs={of.atMs} />
          <div class="stale">{children(of.value)}</div>
        </>
      );
    case 'unreachable':
      return <Away sinceMs={of.sinceMs} who={who} reason={of.reason} />;
    case 'absent':
      return absent === undefined ? <Empty>{`${who} has nothing to say of ${what}.`}</Empty> : <>{absent}</>;
    default:
      return of satisfies never;
  }
}

/** A place holder of the height of a few lines, so that little moves when the answer comes. */
export const Loading = ({ what }: { readonly what: string }) => (
  <div class="loading" aria-busy="true">
    <span class="unseen">{`Loading ${what}`}</span>
    <span class="bone" />
    <span class="bone short" />
  </div>
);

interface AwayProps {
  readonly who: string;
  readonly reason: string;
  /** By this device's clock. */
  readonly sinceMs: number;
  /** When what is still shown was answered. */
  readonly atMs?: number;
}

/** Says plainly that somebody cannot be reached, since when and why. */
export function Away({ who, reason, sinceMs, atMs }: AwayProps) {
  useStore(tick);
  return (
    <p class="away" title={`${when(sinceMs)} · ${utc(sinceMs)}`}>
      <span aria-hidden="true">✕ </span>
      <b>{`${who}: not reachable`}</b>
      {` for ${duration(Date.now() - sinceMs)}: ${reason}.`}
      {atMs !== undefined && ` Below is what was last known, ${duration(Date.now() - atMs)} ago.`}
    </p>
  );
}
