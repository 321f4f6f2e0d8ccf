import { nameOfWorker } from '../../worker-name.ts';
import { plainText } from '../apply/texts.ts';
import type { Cell, Dialect, Row } from '../database.ts';
import { textOf } from './cells.ts';

/** Whose work is asked for, by the names of {@link nameOfWorker}. */
export interface Whose {
  readonly user?: string | undefined;
  readonly worker?: string | undefined;
}

/** A row of `workers` or `blocks`, which have identities, as people read it. */
export function nameIn(row: Row): { readonly user: string; readonly worker: string } {
  const { user, worker } = nameOfWorker(textOf(row['user_name']), textOf(row['worker_name']));
  return { user, worker };
}

/** The user of an identity, in SQL. @param column that has the identity */
export function userIn(dialect: Dialect, column: string): string {
  const dot = dialect.dot(column);
  return `CASE WHEN ${dot} = 0 THEN ${column} ELSE substr(${column}, 1, ${dot} - 1) END`;
}

/** {@link nameIn} in SQL, over the columns of `workers`. */
function namesIn(dialect: Dialect): { readonly user: string; readonly worker: string } {
  const dot = dialect.dot('user_name');
  return {
    user: userIn(dialect, 'user_name'),
    worker: `CASE WHEN worker_name <> '' AND worker_name <> user_name THEN worker_name
      WHEN ${dot} = 0 THEN '' ELSE substr(user_name, ${dot} + 1) END`,
  };
}

/** Rows of `workers` whose work that is. @param which what the condition's parameters are added to */
export function conditionOf(dialect: Dialect, { user, worker }: Whose, which: Cell[]): string {
  const names = namesIn(dialect);
  const conditions = ['1 = 1'];
  if (user !== undefined) {
    const whole = `$${which.push(plainText(user))}`;
    // The index is over whole identities: `user` and everything from `user.` to before `user/`.
    const [from, to] = [`$${which.push(`${plainText(user)}.`)}`, `$${which.push(`${plainText(user)}/`)}`];
    conditions.push(
      `(user_name = ${whole} OR (user_name >= ${from} AND user_name < ${to}))`,
      `${names.user} = ${whole}`,
    );
  }
  if (worker !== undefined) conditions.push(`${names.worker} = $${which.push(plainText(worker))}`);
  return conditions.join(' AND ');
}

/**
 * Workers by name, with the sums of all identities that they have had, and the id of the first of those. Who has no share
 * is no worker yet: a channel behind which others are named, say.
 */
export function namedWorkers(dialect: Dialect, condition: string): string {
  const { user, worker } = namesIn(dialect);
  return `SELECT min(id) AS id, said_user AS user_name, said_worker AS worker_name,
      CAST(sum(accepted) AS BIGINT) AS accepted, CAST(sum(rejected) AS BIGINT) AS rejected,
      ${dialect.sum('work')} AS work, sum(difficulty) AS difficulty, max(best) AS best,
      min(CASE WHEN best = top THEN best_ms END) AS best_ms, min(first_ms) AS first_ms, max(last_ms) AS last_ms
    FROM (SELECT workers.*, ${user} AS said_user, ${worker} AS said_worker,
      max(best) OVER (PARTITION BY ${user}, ${worker}) AS top FROM workers WHERE ${condition}) AS identities
    GROUP BY said_user, said_worker HAVING sum(accepted) + sum(rejected) > 0`;
}

/** How many those are, without their sums. */
export function countOfNamed(dialect: Dialect, condition: string): string {
  const { user, worker } = namesIn(dialect);
  return `SELECT count(*) AS total FROM (SELECT ${user} AS said_user, ${worker} AS said_worker FROM workers
    WHERE ${condition} GROUP BY 1, 2 HAVING sum(accepted) + sum(rejected) > 0) AS named`;
}
