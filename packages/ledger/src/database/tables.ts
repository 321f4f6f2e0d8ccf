// The tables as they are now; those that a later migration changes are declared anew behind the one that made them.
export * from './migrations/0001-ledger.ts';
