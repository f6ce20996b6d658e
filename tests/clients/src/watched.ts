/** What the programs send over HTTP, seen from outside: importing this wraps the global `fetch`. */
export interface Sent {
  readonly query: boolean;
  readonly hash: string;
}

export const sent: Sent[] = [];
const real = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const text = typeof init?.body === "string" ? init.body : "{}";
  const body = JSON.parse(text) as { query?: string; extensions?: { persistedQuery?: { sha256Hash: string } } };
  sent.push({ query: body.query !== undefined, hash: body.extensions?.persistedQuery?.sha256Hash ?? "" });
  return real(input, init);
};
