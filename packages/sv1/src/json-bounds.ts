import type { LineLimits } from './limits.ts';

/** Where a key of the outermost object and its value stand in the text. */
export interface Member {
  /** The key as it stands, with its quotes. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Walks a text that may be JSON, before it is parsed, and holds its nesting and the sizes of its arrays and objects to
 * their limits. Says nothing about whether it is JSON.
 *
 * @returns the members of the outermost object, right if the text is JSON; undefined when a limit is exceeded
 */
export function boundedMembers(text: string, limits: LineLimits): readonly Member[] | undefined {
  const members: Member[] = [];
  /** Commas left in each open array or object. */
  const room: number[] = [];
  let key = '';
  let latest = '';
  let start = 0;
  const close = (at: number): void => {
    if (room.length !== 1 || key === '') return;
    members.push({ key, start, end: at });
    key = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (room.length === 1) latest = text.slice(at, end);
        at = end - 1;
        break;
      }
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (room.length >= limits.depth) return undefined;
        room.push((text.charCodeAt(at) === OPEN_ARRAY ? limits.items : limits.keys) - 1);
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        close(at);
        room.pop();
        break;
      case COLON:
        if (room.length === 1) {
          key = latest;
          start = at + 1;
        }
        break;
      case COMMA: {
        const left = (room.pop() ?? 1) - 1;
        if (left < 0) return undefined;
        room.push(left);
        close(at);
      }
    }
  }
  return members;
}

/** The index behind a string's closing quote, or the text's end. */
function endOfString(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}
