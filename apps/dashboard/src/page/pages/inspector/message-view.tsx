import { useEffect, useMemo, useState } from 'preact/hooks';
import { plain, utc } from '../../data/format.ts';
import { Copy } from '../../parts/text.tsx';
import type { Captured } from './captured.ts';
import { FieldTable } from './field-table.tsx';
import { HexView, type Range } from './hex-view.tsx';
import { look, nameOf, senderOf, type Wire } from './look.ts';
import { clockTime } from './message-list.tsx';

interface MessageViewProps {
  readonly captured: Captured;
  readonly wire: Wire;
  /** The role whose connection it is. */
  readonly role: string;
}

/** One message: its fields beside its bytes, or its line as JSON. */
export function MessageView({ captured, wire, role }: MessageViewProps) {
  const seen = useMemo(() => look(captured, wire), [captured, wire]);
  const [range, setRange] = useState<Range>();
  useEffect(() => setRange(undefined), [captured]);
  const way = captured.direction === 'sent' ? `${role} sent it` : `${role} received it`;
  const who = seen.kind === 'frame' ? `, from the ${senderOf(captured, wire)}` : '';
  const size = `${captured.size} byte${captured.size === 1 ? '' : 's'}`;
  return (
    <div class="message-view">
      <h3>{plain(nameOf(captured, wire))}</h3>
      <p class="soft" title={utc(captured.atMs)}>
        {`${way} at ${clockTime(captured.atMs)}${who}; ${size}`}
        <Copy text={captured.line ?? captured.hex ?? ''} what={seen.kind === 'line' ? 'line' : 'bytes'} />
      </p>
      {seen.kind === 'line' ? (
        <>
          {seen.line.problem !== undefined && <p class="away">{seen.line.problem}</p>}
          {captured.isCut && <p class="soft">Only the beginning of this line is here.</p>}
          <pre tabIndex={0}>{plainLines(seen.line.pretty ?? seen.text)}</pre>
        </>
      ) : (
        <>
          {seen.frame.problem !== undefined && <p class="away">{seen.frame.problem}</p>}
          {seen.frame.notes.map((note) => (
            <p key={note} class="soft">
              {note}
            </p>
          ))}
          <div class="beside">
            <HexView bytes={seen.bytes} rows={seen.frame.rows} range={range} onRange={setRange} size={captured.size} />
            <FieldTable rows={seen.frame.rows} range={range} onRange={setRange} />
          </div>
        </>
      )}
    </div>
  );
}

const plainLines = (text: string): string => text.split('\n').map(plain).join('\n');
