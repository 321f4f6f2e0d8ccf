import type { ConditionView } from '../../data/views.ts';

const WORDS: Readonly<Record<string, string>> = {
  certificate: 'Its certificate is valid',
  clock: 'Its clock is right',
  'job-declaration': 'Miners can declare their own jobs',
  ledger: 'What happens is recorded',
  'ledger-database': 'The database follows the record',
  templates: 'It has templates to work on',
  upstream: 'It is connected to a pool',
  pool: 'It is connected to a pool',
  payouts: 'What is due can be paid',
  shares: 'Its shares are accepted',
  'whole blocks': 'Blocks go to the node as a whole',
  work: 'It has work to hand out',
};

/** What a condition is, for people; the name itself where there are no words for it. */
export function conditionWords(name: string): string {
  const known = WORDS[name];
  if (known !== undefined) return known;
  const [kind = '', ...rest] = name.split(' ');
  if (kind === 'node' && rest.length > 0) return `The node at ${rest.join(' ')} is of use`;
  // Of several roles in one process: `pool.templates`.
  const [part = '', ...own] = name.split('.');
  const ofPart = WORDS[own.join('.')];
  return ofPart === undefined ? name : `${part}: ${ofPart}`;
}

const weight = ({ ok, serving }: ConditionView): number => (ok ? 2 : serving === true ? 1 : 0);

/** What is wrong comes first; else the order is the role's. */
export const sorted = (conditions: readonly ConditionView[]): readonly ConditionView[] =>
  [...conditions].sort((a, b) => weight(a) - weight(b));
