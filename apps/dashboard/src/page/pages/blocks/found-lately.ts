import type { BlockView, EventRecord } from '@sv2kit/monitor';
import type { BlockSource } from './merge-blocks.ts';

type Happened = EventRecord & { readonly role: string };

/** Blocks that a role has told of as they were found, and that its list does not hold yet. */
export function foundLately(events: readonly Happened[], told: readonly BlockSource[]): readonly BlockSource[] {
  const known = new Map(told.map(({ role, blocks }) => [role, new Set(blocks.map(({ hash }) => hash))]));
  const kinds = new Map(told.map(({ role, kind }) => [role, kind]));
  return events.flatMap((event): readonly BlockSource[] => {
    if (event.type !== 'block-found' || known.get(event.role)?.has(event.hash) === true) return [];
    const { type: _type, id: _id, role, atMs, part: _part, ...facts } = event;
    const block: BlockView = { ...facts, status: 'found', foundAtMs: atMs };
    return [{ role, kind: kinds.get(role) ?? role, blocks: [block] }];
  });
}
