/** Prints a Markdown table, row by row as they come, so that a long bench shows where it is. */
export class Table {
  constructor(title: string, columns: readonly string[]) {
    console.log(`\n${title}\n\n| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|`);
  }

  row(...cells: readonly (string | number)[]): void {
    console.log(`| ${cells.join(' | ')} |`);
  }
}
