import { useEffect, useRef } from 'preact/hooks';
import { giveToken } from '../data/token.ts';
import { PageHead } from '../parts/panel.tsx';

/** Asks for the token that the servers want. */
export function TokenForm({ refused }: { readonly refused: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), [refused]);
  return (
    <>
      <PageHead title="A token is wanted" />
      <form
        class="panel token"
        onSubmit={(event) => {
          event.preventDefault();
          const token = field.current?.value.trim() ?? '';
          if (token !== '') giveToken(token);
        }}
      >
        <p>
          What this page shows is for who has the token: the text in the file that <code>monitoring_token_file</code> of
          a role, or <code>token_file</code> of the dashboard, names. It is kept in this tab alone.
        </p>
        <label for="token">Token</label>
        <input id="token" ref={field} type="password" autocomplete="current-password" required spellcheck={false} />
        {refused && (
          <p class="away" role="alert">
            ✕ That token was not accepted.
          </p>
        )}
        <button type="submit" class="main">
          Show the dashboard
        </button>
      </form>
    </>
  );
}
