import { useId } from 'preact/hooks';

interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

interface ChooseProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly of: readonly Choice<T>[];
  readonly onChoose: (value: T) => void;
}

/** A few choices side by side, of which one holds: radio buttons in other clothes. */
export function Segments<T extends string>({ label, value, of, onChoose }: ChooseProps<T>) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="unseen">{label}</legend>
      {of.map((choice) => (
        <label key={choice.value}>
          <input type="radio" name={name} checked={choice.value === value} onChange={() => onChoose(choice.value)} />
          <span>{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** One of many, with its label before it. */
export function Select<T extends string>({ label, value, of, onChoose }: ChooseProps<T>) {
  const id = useId();
  return (
    <span class="select">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          const chosen = of.find((choice) => choice.value === event.currentTarget.value);
          if (chosen !== undefined) onChoose(chosen.value);
        }}
      >
        {of.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </span>
  );
}

interface SearchProps {
  readonly label: string;
  /** What one may look for, shown while there is nothing. */
  readonly hint: string;
  readonly value: string;
  /** Characters that it takes. */
  readonly most?: number;
  readonly onSearch: (text: string) => void;
}

/** What to look for; the key `/` leads to it. */
export const Search = ({ label, hint, value, most, onSearch }: SearchProps) => (
  <input
    type="search"
    aria-label={label}
    placeholder={hint}
    value={value}
    maxLength={most}
    spellcheck={false}
    autocomplete="off"
    onInput={({ currentTarget }) => onSearch(currentTarget.value)}
  />
);

interface PagerProps {
  readonly offset: number;
  readonly limit: number;
  readonly total: number;
  readonly onPage: (offset: number) => void;
}

/** Leads through the pages of a listing; nothing where there is one. */
export function Pager({ offset, limit, total, onPage }: PagerProps) {
  if (total <= limit && offset === 0) return null;
  const last = Math.min(total, offset + limit);
  return (
    <nav class="pager" aria-label="Pages of the list">
      <button type="button" disabled={offset === 0} onClick={() => onPage(Math.max(0, offset - limit))}>
        Before
      </button>
      <span>{`${total === 0 ? 0 : offset + 1}–${last} of ${total.toLocaleString('en-US')}`}</span>
      <button type="button" disabled={last >= total} onClick={() => onPage(offset + limit)}>
        After
      </button>
    </nav>
  );
}
