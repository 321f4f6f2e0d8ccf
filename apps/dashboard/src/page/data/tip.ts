import type { RoleEvent } from './events.ts';
import type { JobView, TemplateView } from './views.ts';

/** The tip of the chain that is built on, as far as the page knows. */
export interface Tip {
  readonly height?: number;
  readonly hash?: string;
  /** When it was first heard of here. */
  readonly atMs?: number;
}

/** What is worked on tells the tip below it; the event that told of that tip, since when it is. */
export function tipOf(work: Pick<TemplateView | JobView, 'height' | 'prevHash'>[], events: readonly RoleEvent[]): Tip {
  const worked = work.find(({ prevHash }) => prevHash !== undefined);
  const tips = events.filter((event) => event.type === 'tip');
  const last = tips.at(-1);
  const hash = worked?.prevHash ?? last?.hash;
  if (hash === undefined) return {};
  const first = tips.find((tip) => tip.hash === hash);
  const height = worked?.height === undefined ? first?.height : worked.height - 1;
  return { hash, ...(height !== undefined && { height }), ...(first !== undefined && { atMs: first.atMs }) };
}

/** What is worked on now. */
export const activeOf = <T extends { readonly state: string }>(rows: readonly T[]): T | undefined =>
  rows.find(({ state }) => state === 'active');
