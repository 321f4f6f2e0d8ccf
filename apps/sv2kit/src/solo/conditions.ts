import type { Health } from '@sv2kit/daemon';

/** What is over sooner is not worth a line. */
const LOOKS = 3;
/** Of the only role that speaks to the node. */
const PROVIDER = 'template-provider.';
const isOfNode = (name: string): boolean => name.startsWith(`${PROVIDER}node `);

/**
 * Tells once of each condition that stays unmet, and once that it is met again; without the node, of that alone, since
 * the others follow from it.
 *
 * @returns what looks at them
 */
export function tellConditions(health: Pick<Health, 'report'>, say: (line: string) => void): () => void {
  const told = new Set<string>();
  let seen = new Map<string, number>();
  return () => {
    const { conditions } = health.report();
    const unmet = conditions.filter(({ ok }) => !ok);
    const isNodeAway = unmet.some(({ name }) => isOfNode(name));
    const due = unmet.filter(({ name }) => !isNodeAway || isOfNode(name));
    seen = new Map(due.map(({ name }) => [name, (seen.get(name) ?? 0) + 1]));
    for (const { name, reason = 'not as it should be' } of due) {
      if (told.has(name) || (seen.get(name) ?? 0) < LOOKS) continue;
      told.add(name);
      say(`${wordsFor(name)}: ${reason}`);
    }
    for (const { name, ok } of conditions) if (ok && told.delete(name)) say(`${wordsFor(name)}: all is well again`);
  };
}

const wordsFor = (name: string): string => (isOfNode(name) ? name.slice(PROVIDER.length) : name);
