import { graphql } from "../../generated/client";

export const ISSUE_CHANGED = graphql(`
  subscription IssueChanged($community: DivisionCode) {
    issueChanged(communityCode: $community) {
      kind
      sequence
      toState
      issue {
        id
        title
        state
      }
    }
  }
`);

export const RAISE_ISSUE = graphql(`
  mutation RaiseIssue($input: RaiseIssueInput!) {
    raiseIssue(input: $input) {
      issue {
        id
        title
        state
      }
      errors {
        code
        field
        message {
          zh
        }
      }
    }
  }
`);

export const TAKE_STEP = graphql(`
  mutation TakeStep($input: TakeIssueStepInput!) {
    takeIssueStep(input: $input) {
      issue {
        id
        state
      }
      errors {
        code
        field
      }
    }
  }
`);
