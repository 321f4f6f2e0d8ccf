/** Files that a process has open beside its connections, generously. */
const OTHERS = 256;

/** Says how many connections this machine lets a process have, and ends the bench when that is too few. */
export function needOpenFiles(connections: number): void {
  const { userLimits } = process.report.getReport() as unknown as {
    readonly userLimits: { readonly open_files: { readonly soft: number | 'unlimited' } };
  };
  const { soft } = userLimits.open_files;
  if (soft === 'unlimited' || soft >= connections + OTHERS) return;
  console.error(`bench: ${connections} connections need more open files than ${soft}: raise the limit (ulimit -n)`);
  process.exit(2);
}
