import { useState } from 'preact/hooks';
import { plain } from '../../data/format.ts';
import type { Range } from './hex-view.tsx';
import type { FieldRow } from './read-frame.ts';

interface FieldTableProps {
  readonly rows: readonly FieldRow[];
  readonly range: Range | undefined;
  onRange(range: Range | undefined): void;
}

/** The fields in wire order; who points at one sees its bytes. */
export function FieldTable({ rows, range, onRange }: FieldTableProps) {
  return (
    <table class="fields" onMouseLeave={() => onRange(undefined)}>
      <caption class="unseen">Fields in the order of the bytes; the first three are the header of the frame</caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <FieldRows key={`${at} ${row.name}`} row={row} isHeader={at < 3} range={range} onRange={onRange} />
        ))}
      </tbody>
    </table>
  );
}

interface FieldRowsProps {
  readonly row: FieldRow;
  readonly isHeader: boolean;
  readonly range: Range | undefined;
  onRange(range: Range | undefined): void;
}

function FieldRows({ row, isHeader, range, onRange }: FieldRowsProps) {
  const [isOpen, setOpen] = useState(false);
  const elements = row.elements ?? [];
  const isHere = range !== undefined && range.start === row.start && range.end === row.end;
  const point = () => onRange({ start: row.start, end: row.end });
  return (
    <>
      <tr
        class={`${isHeader ? 'header' : ''} ${isHere ? 'here' : ''}`}
        tabIndex={0}
        onFocus={point}
        onMouseEnter={point}
        title={`Bytes ${row.start} to ${row.end - 1}`}
      >
        <th scope="row">
          {row.name}
          <small>{row.type}</small>
        </th>
        <td>
          <code>{plain(row.text)}</code>
          {row.meaning !== undefined && <small>{plain(row.meaning)}</small>}
          {elements.length > 0 && (
            <button type="button" class="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
              {isOpen ? 'Hide them' : 'Show them'}
            </button>
          )}
        </td>
      </tr>
      {isOpen &&
        elements.map((element) => (
          <FieldRows key={element.name} row={element} isHeader={false} range={range} onRange={onRange} />
        ))}
    </>
  );
}
