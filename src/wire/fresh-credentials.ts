/** What this needs of one of AWS's clients, whichever service it is for. */
interface Client {
  readonly config: object;
  readonly middlewareStack: { add(middleware: never, options: never): void };
}

type Next = (request: object) => Promise<object>;
type Provider = (how: { readonly forceRefresh: boolean }) => Promise<object>;

/**
 * Asks the client's provider for new credentials where AWS says that the old ones have expired,
 * and sends the request once more: a run may outlive what it began with. Where the provider has no
 * newer ones the refusal is thrown as it came.
 */
export function withFreshCredentials<C extends Client>(client: C): C {
  const renewing = (next: Next) => async (request: object) => {
    try {
      return await next(request);
    } catch (thrown) {
      if (!isExpired(thrown)) throw thrown;
      const { credentials } = client.config as { credentials: Provider };
      await credentials({ forceRefresh: true });
      return next(request);
    }
  };
  const options = { step: "initialize", name: "freshCredentials", priority: "low" };
  client.middlewareStack.add(renewing as never, options as never);
  return client;
}

export function isExpired(thrown: unknown): boolean {
  const { name = "" } = (thrown ?? {}) as { name?: string };
  return /^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired|RequestExpired)$/.test(name);
}
