import { useEffect, useState } from 'preact/hooks';
import { printable } from './bytes.ts';
import type { FieldRow } from './read-frame.ts';

/** Bytes from `start` up to `end`, itself excluded. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

interface HexViewProps {
  readonly bytes: Uint8Array;
  readonly rows: readonly FieldRow[];
  readonly range: Range | undefined;
  /** Of the whole message; more than there are bytes when it came cut. */
  readonly size: number;
  onRange(range: Range | undefined): void;
}

/** Bytes that are shown at first, and when all are asked for. */
const SHOWN = 512;
const MOST = 16_384;

/** The bytes, with those of a field marked; who points at some sees whose they are. */
export function HexView({ bytes, rows, range, size, onRange }: HexViewProps) {
  const [isWhole, setWhole] = useState(false);
  useEffect(() => setWhole(false), [bytes]);
  const width = useIsNarrow() ? 8 : 16;
  const shown = bytes.subarray(0, Math.max(isWhole ? MOST : SHOWN, 0));
  const lines = Array.from({ length: Math.ceil(shown.length / width) }, (_, at) => at * width);
  const isOutside = range !== undefined && range.start >= shown.length;
  return (
    <div class="hex" onMouseLeave={() => onRange(undefined)}>
      <pre tabIndex={0} aria-label={`${shown.length} bytes in hexadecimal`}>
        {lines.map((start) => (
          <HexLine key={start} bytes={shown} start={start} width={width} rows={rows} range={range} onRange={onRange} />
        ))}
      </pre>
      {isOutside && <p class="soft">The bytes of this field are further behind.</p>}
      {shown.length < bytes.length && !isWhole && (
        <button type="button" class="small" onClick={() => setWhole(true)}>
          {bytes.length > MOST ? `Show the first ${MOST} of ${size} bytes` : `Show all ${bytes.length} bytes`}
        </button>
      )}
    </div>
  );
}

interface HexLineProps extends Omit<HexViewProps, 'size'> {
  readonly start: number;
  readonly width: number;
}

function HexLine({ bytes, start, width, rows, range, onRange }: HexLineProps) {
  const end = Math.min(start + width, bytes.length);
  const pieces = piecesOf(start, end, rows, range);
  return (
    <div>
      <span class="offset">{start.toString(16).padStart(4, '0')}</span>
      <span class="digits" style={{ width: `${width * 3}ch` }}>
        {pieces.map((piece) => (
          <span key={piece.start} class={classOf(piece)} onMouseEnter={() => onRange(piece.field)}>
            {digitsOf(bytes, piece)}
          </span>
        ))}
      </span>
      <span class="text" aria-hidden="true">
        {pieces.map((piece) => (
          <span key={piece.start} class={classOf(piece)} onMouseEnter={() => onRange(piece.field)}>
            {[...bytes.subarray(piece.start, piece.end)].map(printable).join('')}
          </span>
        ))}
      </span>
    </div>
  );
}

/** A stretch of a line: of one field, marked or not as a whole. */
export interface Piece extends Range {
  readonly field: Range | undefined;
  readonly isMarked: boolean;
  /** Fields are told apart by turns. */
  readonly isOdd: boolean;
}

/** Cuts a line where a field or the mark begins or ends. */
function piecesOf(start: number, end: number, rows: readonly FieldRow[], range: Range | undefined): readonly Piece[] {
  const edges = new Set([start, end]);
  for (const edge of [...rows.flatMap((row) => [row.start, row.end]), range?.start ?? start, range?.end ?? end]) {
    if (edge > start && edge < end) edges.add(edge);
  }
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, at): Piece => {
    const index = rows.findIndex((row) => row.start <= from && from < row.end);
    const field = rows[index];
    return {
      start: from,
      end: sorted[at + 1] ?? end,
      field: field === undefined ? undefined : { start: field.start, end: field.end },
      isMarked: range !== undefined && from >= range.start && from < range.end,
      isOdd: index % 2 === 1,
    };
  });
}

const classOf = ({ isMarked, isOdd, field }: Piece): string =>
  `${field === undefined ? 'none' : isOdd ? 'odd' : 'even'}${isMarked ? ' marked' : ''}`;

function digitsOf(bytes: Uint8Array, { start, end }: Range): string {
  let text = '';
  for (let at = start; at < end; at += 1) text += `${(bytes[at] ?? 0).toString(16).padStart(2, '0')} `;
  return text;
}

function useIsNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia('(max-width: 760px)').matches);
  useEffect(() => {
    const query = matchMedia('(max-width: 760px)');
    const change = () => setNarrow(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, []);
  return isNarrow;
}
