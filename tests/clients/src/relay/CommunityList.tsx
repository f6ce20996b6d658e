import { graphql, usePaginationFragment } from "react-relay";
import type { CommunityListQuery } from "./__generated__/CommunityListQuery.graphql";
import type { CommunityList_query$key } from "./__generated__/CommunityList_query.graphql";
import { CommunityRow } from "./CommunityRow";

/** A list that grows in both directions, by pages of four. */
export function CommunityList(props: { query: CommunityList_query$key; onRender: (list: Shown) => void }) {
  const { data, hasNext, hasPrevious, loadNext, loadPrevious } = usePaginationFragment<
    CommunityListQuery,
    CommunityList_query$key
  >(
    graphql`
      fragment CommunityList_query on Query
      @refetchable(queryName: "CommunityListQuery")
      @argumentDefinitions(
        region: { type: "DivisionCode" }
        first: { type: "Int" }
        after: { type: "String" }
        last: { type: "Int" }
        before: { type: "String" }
      ) {
        communities(region: $region, first: $first, after: $after, last: $last, before: $before)
          @connection(key: "CommunityList_communities") {
          edges {
            node {
              id
              ...CommunityRow_community
            }
          }
        }
      }
    `,
    props.query,
  );
  props.onRender({
    hasNext,
    hasPrevious,
    next: () => new Promise((done, failed) => loadNext(4, { onComplete: (error) => (error ? failed(error) : done()) })),
    previous: () =>
      new Promise((done, failed) => loadPrevious(4, { onComplete: (error) => (error ? failed(error) : done()) })),
  });
  return (
    <ul>
      {data.communities?.edges.map(({ node }) => (
        <CommunityRow key={node.id} community={node} />
      ))}
    </ul>
  );
}

export interface Shown {
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
  readonly next: () => Promise<void>;
  readonly previous: () => Promise<void>;
}
