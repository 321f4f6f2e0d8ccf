import { useEffect, useState } from 'preact/hooks';
import { serverNow, tick } from '../data/clock.ts';
import { cut, duration, plain, shortHash, utc, when } from '../data/format.ts';
import { useStore } from '../data/store.ts';
import { Icon } from './icon.tsx';

/** A name that somebody else chose: cut visibly, in full on hover, what is unseen made visible. */
export function Name({ children, most = 40 }: { readonly children: string; readonly most?: number }) {
  const text = plain(children);
  const short = cut(text, most);
  return (
    <bdi class="name" title={short === text ? undefined : text}>
      {text === '' ? '(no name)' : short}
    </bdi>
  );
}

/** How long ago a server's time was; local and UTC on hover. */
export function Ago({ ms, suffix = ' ago' }: { readonly ms: number; readonly suffix?: string }) {
  useStore(tick);
  return (
    <time dateTime={iso(ms)} title={`${when(ms)} · ${utc(ms)}`}>
      {`${duration(serverNow() - ms)}${suffix}`}
    </time>
  );
}

/** A server's time, local; UTC on hover. */
export const When = ({ ms }: { readonly ms: number }) => (
  <time dateTime={iso(ms)} title={utc(ms)}>
    {when(ms)}
  </time>
);

const iso = (ms: number): string => new Date(ms).toISOString();

/** A hash cut in the middle, with a button that copies all of it. */
export function Hash({ children, ends = 8 }: { readonly children: string; readonly ends?: number }) {
  return (
    <span class="hash">
      <code title={children}>{shortHash(children, ends)}</code>
      <Copy text={children} what="hash" />
    </span>
  );
}

/** A button that copies a text. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 1500);
    return () => clearTimeout(timer);
  }, [state]);
  const said = { idle: `Copy ${what}`, done: 'Copied', failed: 'Could not copy' }[state];
  return (
    <button
      type="button"
      class="copy"
      aria-label={said}
      title={said}
      onClick={() =>
        void copied(text).then(
          () => setState('done'),
          () => setState('failed'),
        )
      }
    >
      <Icon name={state === 'done' ? 'done' : state === 'failed' ? 'close' : 'copy'} size={14} />
    </button>
  );
}

/** By way of a field where the browser has no clipboard for pages that came over plain HTTP from another host. */
async function copied(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  document.body.append(field);
  field.select();
  const isDone = document.execCommand('copy');
  field.remove();
  if (!isDone) throw new Error('the browser does not copy');
}
