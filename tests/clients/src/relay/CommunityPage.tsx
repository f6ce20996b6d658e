import { graphql, useRefetchableFragment } from "react-relay";
import type { CommunityPageQuery } from "./__generated__/CommunityPageQuery.graphql";
import type { CommunityPage_community$key } from "./__generated__/CommunityPage_community.graphql";

/** One community; its fragment is read again by the node's id. */
export function CommunityPage(props: { community: CommunityPage_community$key; onRender: (again: Again) => void }) {
  const [community, refetch] = useRefetchableFragment<CommunityPageQuery, CommunityPage_community$key>(
    graphql`
      fragment CommunityPage_community on Community @refetchable(queryName: "CommunityPageQuery") {
        name
        headcount
        workers(first: 2) {
          nodes {
            id
            name
          }
        }
      }
    `,
    props.community,
  );
  props.onRender(
    () =>
      new Promise((done, failed) =>
        refetch(
          {},
          { fetchPolicy: "network-only", onComplete: (error: Error | null) => (error ? failed(error) : done()) },
        ),
      ),
  );
  return (
    <p>
      {community.name} {community.headcount} {community.workers?.nodes.map((worker) => worker.name).join(" ")}
    </p>
  );
}

export type Again = () => Promise<void>;
