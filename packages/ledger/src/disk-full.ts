const SQLITE_FULL = 13;

/** Whether an error, be it of the file system or of SQLite, says that there is no room on the disk. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('errcode' in error && error.errcode === SQLITE_FULL) return true;
  // Of a writer in another thread, only the words come here.
  return /\b(?:ENOSPC|EDQUOT)\b/.test(error.message);
}
