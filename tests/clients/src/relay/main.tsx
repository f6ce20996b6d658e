/** Pages forward and backward through the communities, refetches one by its id, asks for one that is not there. */
import { type ReactElement, Suspense } from "react";
import { act, create, type ReactTestRenderer } from "react-test-renderer";
import { fetchQuery, graphql, RelayEnvironmentProvider, useLazyLoadQuery } from "react-relay";
import { report, required } from "../settings";
import { sent } from "../watched";
import type { mainCommunitiesQuery } from "./__generated__/mainCommunitiesQuery.graphql";
import type { mainCommunityQuery } from "./__generated__/mainCommunityQuery.graphql";
import type { mainNodeQuery } from "./__generated__/mainNodeQuery.graphql";
import { CommunityList, type Shown } from "./CommunityList";
import { type Again, CommunityPage } from "./CommunityPage";
import { makeEnvironment } from "./environment";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let environment = makeEnvironment();
let list: Shown;
let again: Again;

const communities = graphql`
  query mainCommunitiesQuery($region: DivisionCode, $first: Int, $last: Int) {
    ...CommunityList_query @arguments(region: $region, first: $first, last: $last)
  }
`;

function Communities(props: { region: string; first?: number; last?: number }) {
  const data = useLazyLoadQuery<mainCommunitiesQuery>(communities, props);
  return <CommunityList query={data} onRender={(shown) => (list = shown)} />;
}

function Community(props: { code: string }) {
  const data = useLazyLoadQuery<mainCommunityQuery>(
    graphql`
      query mainCommunityQuery($code: DivisionCode!) {
        community(code: $code) {
          id
          code
          ...CommunityPage_community
        }
      }
    `,
    props,
  );
  if (!data.community) return <p>none</p>;
  return <CommunityPage community={data.community} onRender={(refetch) => (again = refetch)} />;
}

async function shown(element: ReactElement): Promise<ReactTestRenderer> {
  let rendered: ReactTestRenderer | undefined;
  await act(async () => {
    rendered = create(
      <RelayEnvironmentProvider environment={environment}>
        <Suspense fallback="loading">{element}</Suspense>
      </RelayEnvironmentProvider>,
    );
  });
  if (!rendered) throw new Error("nothing was rendered");
  const made = rendered;
  await until(() => texts(made).length > 0 && texts(made)[0] !== "loading");
  return made;
}

/** Lets React work until something is so. */
async function until(so: () => boolean): Promise<void> {
  for (let tries = 0; !so(); tries += 1) {
    if (tries > 500) throw new Error("not done after 10 s");
    await act(() => new Promise((done) => setTimeout(done, 20)));
  }
}

/** Starts what a click would start, and waits for its end. */
async function clicked(work: () => Promise<void>): Promise<void> {
  let done = false;
  let failure: unknown;
  await act(async () => {
    work().then(
      () => (done = true),
      (error: unknown) => (failure = error),
    );
  });
  await until(() => {
    if (failure) throw failure;
    return done;
  });
}

/** The texts of the items or paragraphs that are shown. */
function texts(rendered: ReactTestRenderer): string[] {
  const json = rendered.toJSON();
  if (typeof json === "string") return [json];
  const found = rendered.root.findAll((one) => one.type === "li" || one.type === "p");
  return found.map((one) => one.children.join(""));
}

async function walk(element: ReactElement, way: "next" | "previous"): Promise<{ items: string[]; pages: number }> {
  const rendered = await shown(element);
  let pages = 1;
  while (way === "next" ? list.hasNext : list.hasPrevious) {
    if ((pages += 1) > 50) throw new Error("the list does not end");
    await clicked(() => list[way]());
  }
  return { items: texts(rendered), pages };
}

async function node(id: string): Promise<string | null | undefined> {
  const query = graphql`
    query mainNodeQuery($id: ID!) {
      node(id: $id) {
        __typename
        id
      }
    }
  `;
  const data = await fetchQuery<mainNodeQuery>(environment, query, { id }, { fetchPolicy: "network-only" }).toPromise();
  return data?.node && `${data.node.__typename} ${data.node.id}`;
}

const region = required("REGION");
const code = required("CODE");
const forward = await walk(<Communities region={region} first={4} />, "next");
const records = ids().length;
environment = makeEnvironment(); // an empty store
const backward = await walk(<Communities region={region} last={4} />, "previous");

const page = await shown(<Community code={code} />);
const before = texts(page)[0];
const requests = sent.length;
await clicked(() => again());
const known = ids().find((one) => environment.getStore().getSource().get(one)?.["code"] === code);
report({
  forward,
  backward,
  records,
  community: { before, after: texts(page)[0], requests: sent.length - requests },
  node: { id: known, found: known && (await node(known)) },
  missing: [await node("bm90aGluZw"), await node("Q29tbXVuaXR5OjAwMDAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMA")],
});
process.exit(0);

/** The ids of the communities in the store: one record each, however often it was read. */
function ids(): string[] {
  const source = environment.getStore().getSource();
  return source.getRecordIDs().filter((one) => source.get(one)?.["__typename"] === "Community");
}
