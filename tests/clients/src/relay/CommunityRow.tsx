import { graphql, useFragment } from "react-relay";
import type { CommunityRow_community$key } from "./__generated__/CommunityRow_community.graphql";

export function CommunityRow(props: { community: CommunityRow_community$key }) {
  const community = useFragment(
    graphql`
      fragment CommunityRow_community on Community {
        code
        name
      }
    `,
    props.community,
  );
  return (
    <li>
      {community.code} {community.name}
    </li>
  );
}
