/** integer: up to 2^53. exact: an integer of any size. text: without NUL, in the order of its UTF-8 bytes. */
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

/** The type of a column, without whether it may be null. */
export function typeOf(declaration: ColumnDeclaration): ColumnType {
  // A declaration is one of the types, with or without its mark.
  return declaration.replace('?', '') as ColumnType;
}

/** What each type is called, and what a table's end says: all that the dialects' tables differ in. */
export interface TableWords {
  readonly types: Readonly<Record<ColumnType, string>>;
  /** Behind the closing bracket. */
  readonly end: (table: Table) => string;
}

/** The statements that make a table and its indexes. */
export function createTable(table: Table, words: TableWords): string[] {
  const columns = Object.entries(table.columns).map(([name, declaration]) => {
    const type = typeOf(declaration);
    return `${name} ${words.types[type]}${declaration === type ? ' NOT NULL' : ''}`;
  });
  const rules = [`PRIMARY KEY (${table.key})`, ...table.unique.map((unique) => `UNIQUE (${unique})`)];
  return [
    `CREATE TABLE ${table.name} (${[...columns, ...rules].join(', ')})${words.end(table)}`,
    ...table.indexes.map(
      (columns) => `CREATE INDEX ${[table.name, ...columns].join('_')} ON ${table.name} (${columns})`,
    ),
  ];
}
