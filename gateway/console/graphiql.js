"use strict";

const EXAMPLE = `# 共治 Gongzhi
# 1. 取得令牌 Get a token:
#      .venv/bin/gongzhi token \\
#        --role auditor --region 530111000000
# 2. 在下方 Headers 中填入
#    Put it into Headers below
# 3. 运行 Run: Ctrl-Enter

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

const VARIABLES = '{ "code": "530111001011" }';

// subscriptions go over a WebSocket, whose connection_init carries what stands in Headers
const PLACES = {
  url: window.location.pathname,
  subscriptionUrl: window.location.origin.replace(/^http/, "ws") + window.location.pathname,
};

const asked = new URLSearchParams(window.location.search);

// GraphiQL compares its tabs with what lies in its store; filled first, the next visit finds the same tab again
function prepareFirstVisit() {
  try {
    if (window.localStorage.getItem("graphiql:tabState") === null) {
      window.localStorage.setItem("graphiql:query", EXAMPLE);
      window.localStorage.setItem("graphiql:variables", VARIABLES);
    }
  } catch (error) {
    console.warn(error); // a browser that keeps nothing: the example still shows, without its variables
  }
}

function Console() {
  const explorer = React.useMemo(() => GraphiQLPluginExplorer.explorerPlugin(), []);
  const fetcher = React.useMemo(() => GraphiQL.createFetcher(PLACES), []);
  return React.createElement(GraphiQL, {
    fetcher: fetcher,
    plugins: [explorer],
    defaultQuery: EXAMPLE,
    defaultHeaders: '{ "Authorization": "Bearer " }',
    query: asked.get("query") || undefined,
    variables: asked.get("variables") || undefined,
    defaultEditorToolsVisibility: true,
    inputValueDeprecation: true,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  });
}

prepareFirstVisit();
ReactDOM.createRoot(document.getElementById("graphiql")).render(React.createElement(Console));
