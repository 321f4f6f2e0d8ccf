import type { ComponentChildren } from 'preact';

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'info';

const SIGNS: Readonly<Record<Tone, string>> = { good: '●', warn: '▲', bad: '✕', idle: '○', info: '◆' };

/** A state in a word, with a sign of its own shape: colour is never all that says it. */
export function Badge({ tone, children, title }: { tone: Tone; children: ComponentChildren; title?: string }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <span class="sign" aria-hidden="true">
        {SIGNS[tone]}
      </span>
      <span>{children}</span>
    </span>
  );
}

const TONES: Readonly<Record<string, Tone>> = {
  ok: 'good',
  active: 'good',
  connected: 'good',
  reachable: 'good',
  accepted: 'good',
  confirmed: 'good',
  matured: 'good',
  paid: 'good',
  degraded: 'warn',
  starting: 'info',
  stopping: 'warn',
  connecting: 'info',
  behind: 'warn',
  idle: 'idle',
  future: 'info',
  found: 'info',
  submitted: 'info',
  pending: 'info',
  due: 'info',
  standby: 'idle',
  unused: 'idle',
  stale: 'idle',
  gone: 'bad',
  away: 'bad',
  refused: 'bad',
  failed: 'bad',
  orphaned: 'bad',
  rejected: 'bad',
  reversed: 'bad',
  unreachable: 'bad',
};

/** The tone of a state's word, wherever it is from; what is not known is neither good nor bad. */
export const toneOf = (state: string): Tone => TONES[state] ?? 'idle';

/** A state's word in its tone. */
export const StateBadge = ({ state, title }: { state: string; title?: string }) => (
  <Badge tone={toneOf(state)} {...(title !== undefined && { title })}>
    {state}
  </Badge>
);
