"use strict";

const EXAMPLE = `# 共治 Gongzhi
# 请在下方 Headers 中填写令牌 Put the token into Headers below:
#   {"Authorization": "Bearer ..."}
# 令牌 A token: .venv/bin/gongzhi token --role auditor --region 530111000000
# 运行 Run: Ctrl-Enter

query Community($code: DivisionCode!) {
  community(code: $code) {
    name
    residentHouseholds
    quota {
      posts
      reason { code message { zh en } }
      explanation { steps { level node { label value rule } } }
      citations { document at quote synthetic }
    }
    headcount
    vacancy
    workers(first: 5) {
      edges {
        node {
          name
          post
          latestPayslip {
            month
            net
            lines { label amount }
          }
        }
      }
    }
    issues(first: 5) {
      edges { node { title step openedAt } }
    }
  }
}
`;

const asked = new URLSearchParams(window.location.search);

function Console() {
  const explorer = React.useMemo(() => GraphiQLPluginExplorer.explorerPlugin(), []);
  const fetcher = React.useMemo(() => GraphiQL.createFetcher({ url: window.location.pathname }), []);
  return React.createElement(GraphiQL, {
    fetcher: fetcher,
    plugins: [explorer],
    defaultQuery: EXAMPLE,
    query: asked.get("query") || undefined,
    variables: asked.get("variables") || undefined,
    defaultEditorToolsVisibility: true,
    inputValueDeprecation: true,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  });
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(React.createElement(Console));
