import { RpcError } from '@sv2kit/bitcoin-node';
import { CommandError } from '../command.ts';

const METHOD_NOT_FOUND = -32_601;

const HINTS: Partial<Record<RpcError['code'], string>> = {
  unreachable: 'Is it running, and is that its RPC port?',
  unauthorized: 'Give its cookie file, or http://USER:PASSWORD@HOST:PORT.',
  malformed: 'Is that the RPC of a Bitcoin node? The monitoring address of a role names no transactions.',
};

/** A call to a node failed; the message names the node and is for people. */
export class NodeError extends CommandError {
  /** Bitcoin Core's code, where the node itself answered. */
  readonly rpcCode: number | undefined;

  constructor(url: string, error: RpcError) {
    const isOld = error.details.rpcCode === METHOD_NOT_FOUND;
    const hint = isOld ? 'Bitcoin Core has it from version 26 on.' : HINTS[error.code];
    super(`the node at ${url}: ${error.message}${hint === undefined ? '' : `. ${hint}`}`, { cause: error });
    this.rpcCode = error.details.rpcCode;
  }
}

/** @throws NodeError for an RpcError; whatever else is thrown */
export async function asked<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof RpcError ? new NodeError(url, error) : error;
  }
}
