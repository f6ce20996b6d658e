/** Where the gateway is and who asks: GATEWAY and TOKEN of the environment. */
export const gateway = required("GATEWAY");
export const token = required("TOKEN");
export const graphqlUrl = `${gateway}/graphql`;

export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** What a program found, as the one line of JSON that its test reads. */
export function report(found: object): void {
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
