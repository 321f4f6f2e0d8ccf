/** integer: up to 2^53. exact: an integer of any size. text: without NUL. */
export type ColumnType = 'integer' | 'real' | 'exact' | 'text' | 'bytes';
/** A column that may be null ends in `?`. */
export type ColumnDeclaration = ColumnType | `${ColumnType}?`;

/** One table, declared once for every dialect. */
export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnDeclaration>>;
  readonly key: readonly string[];
  readonly unique: readonly (readonly string[])[];
  readonly indexes: readonly (readonly string[])[];
}

export function table(
  name: string,
  columns: Table['columns'],
  key: readonly string[],
  more: Partial<Pick<Table, 'unique' | 'indexes'>> = {},
): Table {
  return { name, columns, key, unique: more.unique ?? [], indexes: more.indexes ?? [] };
}
