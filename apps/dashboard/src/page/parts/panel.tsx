import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface PanelProps {
  readonly title: string;
  /** Beside the title: what can be chosen. */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A room of a page with its title. */
export function Panel({ title, aside, children, class: name = '' }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** The head of a page: its name, and what can be chosen for all of it. */
export function PageHead({ title, aside }: { readonly title: ComponentChildren; readonly aside?: ComponentChildren }) {
  return (
    <div class="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      {aside !== undefined && <div class="aside">{aside}</div>}
    </div>
  );
}

/** Nothing is there: what it would be, and what would fill it. */
export const Empty = ({ children }: { readonly children: ComponentChildren }) => <p class="empty">{children}</p>;

interface FigureProps {
  readonly label: string;
  readonly children: ComponentChildren;
  /** Below it, smaller. */
  readonly note?: ComponentChildren;
  readonly title?: string;
  readonly large?: boolean;
}

/** One number with what it is of; several of them in a `<dl class="figures">`. */
export function Figure({ label, children, note, title, large = false }: FigureProps) {
  return (
    <div class={large ? 'figure large' : 'figure'} title={title}>
      <dt>{label}</dt>
      <dd class="value">{children}</dd>
      {note !== undefined && <dd class="note">{note}</dd>}
    </div>
  );
}
