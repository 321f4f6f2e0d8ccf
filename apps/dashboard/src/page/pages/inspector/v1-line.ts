/** A line of Stratum V1, as far as it can be understood. */
export interface V1Line {
  /** The method, or what the answer is. */
  readonly name: string;
  /** The id that pairs a question with its answer. */
  readonly id?: string;
  /** The whole, indented. */
  readonly pretty?: string;
  readonly problem?: string;
}

/** Longest name that is shown, in characters: it comes from a peer. */
const NAME_LENGTH = 60;

/** Reads one line. Never throws. */
export function readV1Line(line: string): V1Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { name: 'not JSON', problem: 'Stratum V1 is one JSON object a line; this is none.' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { name: 'not an object', problem: 'Stratum V1 is one JSON object a line; this is another value.' };
  }
  const { method, id, error } = value as Readonly<Record<string, unknown>>;
  const told = id === undefined || id === null ? {} : { id: typeof id === 'string' ? id : JSON.stringify(id) };
  const pretty = JSON.stringify(value, undefined, 2);
  if (typeof method === 'string' && method !== '') return { name: method.slice(0, NAME_LENGTH), ...told, pretty };
  if (error !== undefined && error !== null) return { name: 'error', ...told, pretty };
  if ('result' in value) return { name: 'result', ...told, pretty };
  return { name: 'neither question nor answer', ...told, pretty, problem: 'It has neither a method nor a result.' };
}
