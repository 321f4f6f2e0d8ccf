/** How the list of workers is asked for: as the address of the page has it. */
export interface WorkersQuestion {
  readonly sort: Sort;
  readonly search: string;
  readonly state: StateFilter;
  readonly offset: number;
}

export const PAGE_SIZE = 50;
export const SORTS = [
  { value: 'hashrate', label: 'Hashrate' },
  { value: 'name', label: 'Name' },
  { value: 'work', label: 'Work' },
  { value: 'best', label: 'Best share' },
  { value: 'last-share', label: 'Last share' },
] as const;
export type Sort = (typeof SORTS)[number]['value'];
export const STATES = [
  { value: 'all', label: 'All' },
  { value: 'active', label: 'Active' },
  { value: 'idle', label: 'Idle' },
  { value: 'gone', label: 'Gone' },
] as const;
export type StateFilter = (typeof STATES)[number]['value'];

/** What the address asks for; nonsense in it is left out. */
export function questionOf(query: URLSearchParams): WorkersQuestion {
  const offset = Number(query.get('offset') ?? 0);
  return {
    sort: SORTS.find(({ value }) => value === query.get('sort'))?.value ?? 'hashrate',
    search: (query.get('search') ?? '').slice(0, 255),
    state: STATES.find(({ value }) => value === query.get('state'))?.value ?? 'all',
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  };
}

/** The same in an address: what is as usual is left out. */
export function addressOf({ sort, search, state, offset }: WorkersQuestion): Record<string, string | undefined> {
  return {
    sort: sort === 'hashrate' ? undefined : sort,
    search: search === '' ? undefined : search,
    state: state === 'all' ? undefined : state,
    offset: offset === 0 ? undefined : String(offset),
  };
}

/** The same as the API is asked. */
export function pathOf({ sort, search, state, offset }: WorkersQuestion): string {
  const asked = new URLSearchParams({ sort, limit: String(PAGE_SIZE) });
  if (offset > 0) asked.set('offset', String(offset));
  if (search !== '') asked.set('search', search);
  if (state !== 'all') asked.set('state', state);
  return `workers?${asked}`;
}
