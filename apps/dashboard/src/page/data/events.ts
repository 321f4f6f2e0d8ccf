import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { useEffect, useRef } from 'preact/hooks';
import { request } from './ask.ts';
import { noAnswer } from './answer.ts';
import { refreshAll, refreshWhere } from './poller.ts';
import { refreshRoles } from './roles.ts';
import { Store, useStore } from './store.ts';
import { tokenStore } from './token.ts';
import type { EventRecord, RoleEntry } from './views.ts';
import { resourcesChangedBy } from './changes.ts';

/** Something that happened, and at which role. */
export type RoleEvent = EventRecord & { readonly role: string };

/** How the stream of events is: the sign of life of whoever serves this page. */
export type StreamState =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  | { readonly state: 'away'; readonly reason: string; readonly sinceMs: number };

const REMEMBERED = 500;
const RETRY_MS = 2000;
/** The server sends a sign of life every 15 seconds. */
const SILENCE_MS = 40_000;

export const streamStore = new Store<StreamState>({ state: 'connecting' });
/** The latest events, the oldest first: those that the servers remember, then what happened since. */
const log = new Store<readonly RoleEvent[]>([]);
const listeners = new Set<(event: RoleEvent) => void>();
let lastId: string | undefined;

/** Calls the listener for what happens from now on; not for what had happened before. */
export function useEvents(listener: (event: RoleEvent) => void): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    const call = (event: RoleEvent) => latest.current(event);
    listeners.add(call);
    return () => {
      listeners.delete(call);
    };
  }, []);
}

/** What happened lately, the oldest first. */
export const useEventLog = (): readonly RoleEvent[] => useStore(log);

function receive({ id, event: type, data }: EventSourceMessage, isNews: boolean): void {
  if (id !== undefined) lastId = id;
  if (type === 'missed') return refreshAll();
  const told = parsed(data);
  if (told === undefined) return;
  if (type === 'role-state') return roleState(told as unknown as RoleEntry);
  const event = { ...told, type } as unknown as RoleEvent;
  log.set([...log.value.slice(1 - REMEMBERED), event]);
  if (!isNews) return;
  const changed = resourcesChangedBy(event);
  if (changed.length > 0) refreshWhere((path) => changed.some((name) => path.includes(`/api/v1/${name}`)));
  for (const listener of listeners) listener(event);
}

function roleState(entry: RoleEntry): void {
  refreshRoles();
  refreshWhere((path) => path.startsWith(`${entry.path}/`));
}

function parsed(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the stream until it ends. @returns why it ended */
async function readOnce(): Promise<string> {
  const gone = new AbortController();
  let silence = setTimeout(() => gone.abort(), SILENCE_MS);
  try {
    const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
    const response = await request(`./events${lastId === undefined ? '?after=0' : ''}`, {
      headers,
      signal: gone.signal,
    });
    if (!response.ok || response.body === null) {
      return noAnswer(response.status, await response.json().catch(() => undefined)).reason;
    }
    const opened = performance.now();
    if (streamStore.value.state === 'away') refreshAll();
    streamStore.set({ state: 'open' });
    const isAgain = lastId !== undefined;
    // What is remembered comes first and at once; it is no news unless we were here before.
    const isNews = () => isAgain || performance.now() - opened > 1500;
    const parser = createParser({ onEvent: (message) => receive(message, isNews()), maxBufferSize: 1 << 20 });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'the stream of events ended';
      clearTimeout(silence);
      silence = setTimeout(() => gone.abort(), SILENCE_MS);
      parser.feed(value);
    }
  } catch {
    return gone.signal.aborted ? 'no sign of life' : 'the server does not answer';
  } finally {
    clearTimeout(silence);
    gone.abort();
  }
}

/** Reads what happens, for ever. */
export async function followEvents(): Promise<never> {
  for (;;) {
    if (tokenStore.value.state === 'wanted') await tokenGiven();
    const reason = await readOnce();
    const before = streamStore.value;
    if (tokenStore.value.state !== 'wanted') {
      const sinceMs = before.state === 'away' ? before.sinceMs : Date.now();
      streamStore.set({ state: 'away', reason, sinceMs });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

const tokenGiven = (): Promise<void> =>
  new Promise((resolve) => {
    const end = tokenStore.on(() => {
      if (tokenStore.value.state === 'wanted') return;
      end();
      resolve();
    });
  });
