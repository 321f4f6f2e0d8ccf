import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { plain } from '../../data/format.ts';
import type { Described } from './filter.ts';

interface MessageListProps {
  readonly messages: readonly Described[];
  readonly selected: number | undefined;
  /** Keeps to the latest. */
  readonly isFollowing: boolean;
  onSelect(number: number): void;
  /** Somebody reads further up: what is shown had better stay. */
  onHold(): void;
}

/** In pixels; as in inspector.css. */
const ROW = 30;
/** Rows drawn above and below what is seen. */
const SPARE = 8;

/** The messages, the latest at the end. Only what is seen of it is drawn. */
export function MessageList({ messages, selected, isFollowing, onSelect, onHold }: MessageListProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    setHeight(element.clientHeight);
    if (isFollowing) element.scrollTop = element.scrollHeight;
  }, [messages, isFollowing]);
  useEffect(() => {
    const measure = () => setHeight(list.current?.clientHeight ?? 400);
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(messages.length, Math.ceil((top + height) / ROW) + SPARE);
  const at = messages.findIndex(({ captured }) => captured.number === selected);
  const choose = (index: number) => {
    const message = messages[Math.max(0, Math.min(messages.length - 1, index))];
    if (message === undefined) return;
    onSelect(message.captured.number);
    reveal(list.current, messages.indexOf(message));
  };
  return (
    <div
      ref={list}
      class="messages"
      role="listbox"
      tabIndex={0}
      aria-label="Messages, the latest at the end"
      aria-activedescendant={at >= first && at < last ? `${id}-${selected}` : undefined}
      onScroll={({ currentTarget }) => {
        setTop(currentTarget.scrollTop);
        const below = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight;
        if (isFollowing && below > 3 * ROW) onHold();
      }}
      onKeyDown={(event) => {
        const target = moved(event.key, at < 0 ? messages.length : at, messages.length, Math.floor(height / ROW));
        if (target === undefined) return;
        event.preventDefault();
        choose(target);
      }}
    >
      <div style={{ height: `${messages.length * ROW}px` }}>
        <div style={{ transform: `translateY(${first * ROW}px)` }}>
          {messages.slice(first, last).map((message, offset) => (
            <Row
              key={message.captured.number}
              id={`${id}-${message.captured.number}`}
              message={message}
              place={first + offset + 1}
              of={messages.length}
              isSelected={message.captured.number === selected}
              onSelect={onSelect}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function moved(key: string, at: number, length: number, page: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'PageDown':
      return at + page;
    case 'PageUp':
      return at - page;
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return undefined;
  }
}

function reveal(list: HTMLElement | null, index: number): void {
  if (list === null) return;
  const top = index * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
}

interface RowProps {
  readonly id: string;
  readonly message: Described;
  readonly place: number;
  readonly of: number;
  readonly isSelected: boolean;
  onSelect(number: number): void;
}

function Row({ id, message, place, of, isSelected, onSelect }: RowProps) {
  const { captured, name, summary } = message;
  const isSent = captured.direction === 'sent';
  return (
    <div
      id={id}
      class={`message ${captured.direction}`}
      role="option"
      aria-selected={isSelected}
      aria-posinset={place}
      aria-setsize={of}
      onClick={() => onSelect(captured.number)}
    >
      <span class="at">{clockTime(captured.atMs)}</span>
      <span class="way" title={captured.direction}>
        <span aria-hidden="true">{isSent ? '↑' : '↓'}</span>
        <span class="unseen">{captured.direction}</span>
      </span>
      <b>{plain(name)}</b>
      <span class="summary">{plain(summary)}</span>
      <span class="size">{`${captured.size} B`}</span>
    </div>
  );
}

/** Local time of day, to the millisecond. */
export function clockTime(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
