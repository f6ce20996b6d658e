"use strict";

// The explorers speak English only. Their fixed labels get their Chinese beside them; data are left as they are.
(() => {
  const WORDS = new Map(Object.entries({
    // GraphiQL
    Variables: "变量 Variables",
    Headers: "请求头 Headers",
    Docs: "文档 Docs",
    History: "历史 History",
    Fields: "字段 Fields",
    Arguments: "参数 Arguments",
    Implements: "实现 Implements",
    "Enum Values": "枚举值 Enum Values",
    "Root Types": "根类型 Root Types",
    "All Schema Types": "全部类型 All Schema Types",
    "A GraphQL schema provides a root type for each kind of operation.": "每种操作从一个根类型开始。 A GraphQL schema provides a root type for each kind of operation.",
    "Show Documentation Explorer": "打开文档 Show documentation",
    "Hide Documentation Explorer": "收起文档 Hide documentation",
    "Show History": "打开历史 Show history",
    "Hide History": "收起历史 Hide history",
    "Show GraphiQL Explorer": "打开字段选取器 Show explorer",
    "Hide GraphiQL Explorer": "收起字段选取器 Hide explorer",
    "Re-fetch GraphQL schema": "重新读取模式 Re-fetch schema",
    "Open short keys dialog": "快捷键 Short keys",
    "Open settings dialog": "设置 Settings",
    "Execute query (Ctrl-Enter)": "运行 Execute (Ctrl-Enter)",
    "Prettify query (Shift-Ctrl-P)": "整理格式 Prettify (Shift-Ctrl-P)",
    "Merge fragments into query (Shift-Ctrl-M)": "合并片段 Merge fragments (Shift-Ctrl-M)",
    "Copy query (Shift-Ctrl-C)": "复制查询 Copy (Shift-Ctrl-C)",
    "Add tab": "新标签页 Add tab",
    "Short Keys": "快捷键 Short Keys",
    Settings: "设置 Settings",
    Theme: "外观 Theme",
    System: "跟随系统 System",
    Light: "浅色 Light",
    Dark: "深色 Dark",
    "Clear storage": "清除本地记录 Clear storage",
    // Swagger UI
    Authorize: "授权 Authorize",
    "Available authorizations": "授权方式 Available authorizations",
    Logout: "取消授权 Logout",
    Close: "关闭 Close",
    Servers: "服务地址 Servers",
    Schemas: "数据结构 Schemas",
    Schema: "结构 Schema",
    Parameters: "参数 Parameters",
    "No parameters": "没有参数 No parameters",
    Name: "名称 Name",
    Description: "说明 Description",
    "Request body": "请求体 Request body",
    "Try it out": "试用 Try it out",
    Execute: "发送 Execute",
    Cancel: "取消 Cancel",
    Clear: "清除 Clear",
    Responses: "答复 Responses",
    "Server response": "服务器答复 Server response",
    "Response body": "答复正文 Response body",
    "Response headers": "答复头 Response headers",
    "Request URL": "请求地址 Request URL",
    Code: "状态码 Code",
    Details: "详情 Details",
    Links: "链接 Links",
    "No links": "无 No links",
    "Media type": "媒体类型 Media type",
    "Example Value": "示例 Example Value",
    "Expand all": "全部展开 Expand all",
    "Collapse all": "全部收起 Collapse all",
    Download: "下载 Download",
    "Loading...": "正在载入 Loading",
  }));
  const DATA = ".CodeMirror, pre, code, textarea, option, .markdown, .parameter__name, .prop-name, .renderedMarkdown";
  const ATTRIBUTES = ["aria-label", "title", "placeholder"];

  function label(node) {
    const words = WORDS.get(node.nodeValue.trim());
    if (words !== undefined && !node.parentElement?.closest(DATA)) {
      node.nodeValue = words;
    }
  }

  function attributes(element) {
    for (const name of ATTRIBUTES) {
      const words = WORDS.get(element.getAttribute(name));
      if (words !== undefined) {
        element.setAttribute(name, words);
      }
    }
  }

  function all(root) {
    if (root.nodeType === Node.TEXT_NODE) {
      label(root);
    } else if (root.nodeType === Node.ELEMENT_NODE) {
      attributes(root);
      const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
      while (walk.nextNode()) {
        walk.currentNode.nodeType === Node.TEXT_NODE ? label(walk.currentNode) : attributes(walk.currentNode);
      }
    }
  }

  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") {
        change.addedNodes.forEach(all);
      } else {
        all(change.target);
      }
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true, attributeFilter: ATTRIBUTES });
  all(document.body);
})();
