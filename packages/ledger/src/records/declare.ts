import type { FieldType } from './field-types.ts';
import { RecordError, type Sink, Source } from './sink.ts';

/** type U8, version U8, body length U32. */
export const RECORD_HEADER_SIZE = 6;

type RecordFields = Readonly<Record<string, FieldType<unknown>>>;
type ValueOf<F> = F extends FieldType<infer T> ? T : never;

/** How one kind of record lies on disk; its TypeScript type falls out of the same declaration. */
export interface RecordDefinition<R extends { readonly type: string }> {
  readonly type: R['type'];
  /** The first byte on disk: never reused for another record. */
  readonly code: number;
  readonly version: number;
  /** Header and body. */
  size(record: R): number;
  write(sink: Sink, record: R): void;
  read(body: Uint8Array): R;
}

/** The record that a definition describes. */
export type RecordOf<D> = D extends RecordDefinition<infer R> ? R : never;
type Declared<T extends string, F extends RecordFields> = { readonly type: T } & {
  readonly [K in keyof F]: ValueOf<F[K]>;
};

/**
 * Declares a record: fields lie on disk in the order written here, numbers little-endian.
 * To change a record, declare the next version beside the old one, which stays readable.
 */
export function record<const T extends string, const F extends RecordFields>(
  type: T,
  code: number,
  fields: F,
): RecordDefinition<Declared<T, F>> {
  type Given = Readonly<Record<string, unknown>>;
  const entries = Object.entries(fields);
  const variable = entries.filter(([, field]) => field.fixed === undefined);
  const fixedSize = entries.reduce((sum, [, field]) => sum + (field.fixed ?? 0), RECORD_HEADER_SIZE);
  const version = 1;
  const definition = {
    type,
    code,
    version,
    size(given: Given) {
      let size = fixedSize;
      for (const [name, field] of variable) size += field.size(given[name]);
      return size;
    },
    write(sink: Sink, given: Given) {
      const start = sink.offset;
      sink.offset += RECORD_HEADER_SIZE;
      for (const [name, field] of entries) field.write(sink, given[name]);
      sink.bytes[start] = code;
      sink.bytes[start + 1] = version;
      sink.view.setUint32(start + 2, sink.offset - start - RECORD_HEADER_SIZE, true);
    },
    read(body: Uint8Array) {
      const source = new Source(body);
      const values: Record<string, unknown> = { type };
      for (const [name, field] of entries) values[name] = field.read(source);
      if (source.left > 0) throw new RecordError(`${source.left} bytes too many in ${type}`);
      return values;
    },
  };
  // Every field is written and read by the type that the mapped type above ties to its name.
  return definition as unknown as RecordDefinition<Declared<T, F>>;
}
