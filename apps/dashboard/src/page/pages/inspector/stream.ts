import { createParser } from 'eventsource-parser';
import { noAnswer, request } from '../../data/ask.ts';

/** Who hears what comes over a tap. */
export interface TapReader {
  onOpen(): void;
  onMessage(data: unknown): void;
  /** So many messages were left out: there were more than the role tells. */
  onMissed(count: number): void;
}

/** The largest event: 64 KiB in hexadecimal, and what is around it. */
const MAX_EVENT = 1 << 19;
/** The role sends a sign of life every 15 seconds. */
const SILENCE_MS = 40_000;

/** Reads what goes over a connection until it ends. @returns why it ended, in a sentence; undefined when told to end */
export async function readTap(path: string, reader: TapReader, signal: AbortSignal): Promise<string | undefined> {
  const silence = new AbortController();
  const beat = () => setTimeout(() => silence.abort(), SILENCE_MS);
  let timer = beat();
  let ended: string | undefined;
  const parser = createParser({
    maxBufferSize: MAX_EVENT,
    onEvent: ({ event, data }) => {
      const told = parsed(data);
      if (event === 'message') reader.onMessage(told);
      else if (event === 'missed') reader.onMissed(numberIn(told, 'missed'));
      else if (event === 'ended') ended = textIn(told, 'reason') ?? 'The connection has ended.';
    },
  });
  try {
    const response = await request(path, { signal: AbortSignal.any([signal, silence.signal]) });
    if (!response.ok || response.body === null) {
      return sentence(noAnswer(response.status, await response.json().catch(() => undefined)).reason);
    }
    reader.onOpen();
    const body = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await body.read();
      if (done) return ended ?? 'The role has ended the stream: it stops, or is gone.';
      clearTimeout(timer);
      timer = beat();
      parser.feed(value);
      if (ended !== undefined) return ended;
    }
  } catch {
    if (signal.aborted) return undefined;
    return silence.signal.aborted ? 'There was no sign of life for 40 seconds.' : 'The role does not answer any more.';
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

const member = (told: unknown, name: string): unknown =>
  typeof told === 'object' && told !== null ? (told as Readonly<Record<string, unknown>>)[name] : undefined;

function numberIn(told: unknown, name: string): number {
  const value = member(told, name);
  return typeof value === 'number' ? value : 0;
}

function textIn(told: unknown, name: string): string | undefined {
  const value = member(told, name);
  return typeof value === 'string' && value !== '' ? sentence(`The connection has ended: ${value}`) : undefined;
}

const sentence = (text: string): string => {
  const trimmed = text.replace(/[.\s]+$/, '');
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}.`;
};
