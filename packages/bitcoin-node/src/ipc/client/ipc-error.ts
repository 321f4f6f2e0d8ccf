/** Why the node cannot be spoken to over IPC, or why a call failed. */
export const IPC_ERRORS = {
  'path-too-long': 'The path of the socket is longer than the system allows: 107 bytes on Linux, 103 elsewhere.',
  'socket-missing':
    'There is no file at the path: the node never ran, runs without -ipcbind=unix, or has its socket elsewhere.',
  'socket-refused':
    'The socket is there and nobody listens: the node is down, or runs without IPC and left an old one.',
  'permission-denied': 'The socket, or a folder on the way to it, is closed to this user.',
  'not-a-socket': 'The path names a file or a folder.',
  'not-a-node': 'What listens there does not speak the IPC of Bitcoin Core.',
  'too-old': 'Bitcoin Core 30.0, whose mining interface lacks interruptWait and can bring the node down.',
  'too-new': 'The node replaced the method by one that this version does not know.',
  loading: 'The node has not loaded its chain in the time given.',
  disconnected: 'The node ended the connection: it stopped, was killed, or refused a message.',
  timeout: 'A call was not answered in its time; calls cannot be withdrawn, so the connection was given up.',
  failed: 'The node answered the call with an error of its own.',
  unimplemented: 'The node does not have the method.',
  overloaded: 'Too many calls at once, here or on one thread of the node.',
  malformed: 'The node answered with something that is not what its schema promises.',
  'too-large': 'A message, or what was asked for, is over a limit.',
  'bad-coinbase': 'A coinbase that must not be sent: it does not parse, is no coinbase, or lacks its witness.',
  released: 'The template was released before the call.',
  closed: 'The connection was closed from this side.',
} as const;
export type IpcErrorCode = keyof typeof IPC_ERRORS;

/** Speaking to a node over IPC failed. `message` is one sentence for a person, with what to do about it. */
export class IpcError extends Error {
  override readonly name = 'IpcError';
  readonly code: IpcErrorCode;
  /** The method that was called, as the schema names it: `BlockTemplate.waitNext`. */
  readonly method: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: IpcErrorCode,
    message: string,
    { method, ...details }: { readonly method?: string | undefined; readonly [name: string]: unknown } = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.method = method;
    this.details = details;
  }
}

/** Whether this is an {@link IpcError} of one of these codes. */
export function isIpcError(error: unknown, ...codes: readonly IpcErrorCode[]): error is IpcError {
  return error instanceof IpcError && (codes.length === 0 || codes.includes(error.code));
}
