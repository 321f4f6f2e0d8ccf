import { count } from '../../data/format.ts';
import { Search, Segments, Select } from '../../parts/choose.tsx';
import type { Capture } from './capture.ts';
import type { Filter } from './filter.ts';

interface ToolsProps {
  readonly filter: Filter;
  readonly names: ReadonlyMap<string, number>;
  readonly capture: Capture;
  readonly shown: number;
  onFilter(filter: Filter): void;
  onSave(): void;
}

const WAYS = [
  { value: 'both', label: 'both ways' },
  { value: 'received', label: '↓ received' },
  { value: 'sent', label: '↑ sent' },
] as const;

/** What is shown, and what can be done with it. */
export function Tools({ filter, names, capture, shown, onFilter, onSave }: ToolsProps) {
  const types = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = { value: '', label: 'every type' };
  const choices = types.map(([value, many]) => ({ value, label: `${value} (${count(many)})` }));
  const chosen = filter.type === '' || names.has(filter.type) ? [] : [{ value: filter.type, label: filter.type }];
  const { isHeld, waiting } = capture;
  return (
    <div class="tools">
      <Segments
        label="Direction"
        value={filter.direction}
        of={WAYS}
        onChoose={(direction) => onFilter({ ...filter, direction })}
      />
      <Select
        label="Type"
        value={filter.type}
        of={[all, ...chosen, ...choices]}
        onChoose={(type) => onFilter({ ...filter, type })}
      />
      <Search
        label="Text or bytes in a message"
        hint="text or bytes"
        value={filter.text}
        onSearch={(text) => onFilter({ ...filter, text })}
      />
      <span class="doings">
        <button
          type="button"
          class={isHeld ? 'main' : ''}
          aria-pressed={isHeld}
          onClick={isHeld ? capture.resume : capture.hold}
        >
          {isHeld ? `Go on${waiting > 0 ? ` (${count(waiting)} new)` : ''}` : 'Pause'}
        </button>
        <button type="button" onClick={capture.clear}>
          Clear
        </button>
        <button type="button" disabled={shown === 0} onClick={onSave}>
          Save as JSON
        </button>
      </span>
    </div>
  );
}
