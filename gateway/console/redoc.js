"use strict";

Redoc.init(
  "/openapi.json",
  {
    hideDownloadButton: false,
    nativeScrollbars: true,
    labels: {
      enum: "取值 Enum",
      enumSingleValue: "取值 Value",
      default: "默认 Default",
      deprecated: "已弃用 Deprecated",
      example: "示例 Example",
      examples: "示例 Examples",
      recursive: "递归 Recursive",
      arrayOf: "数组 Array of ",
      const: "常量 Value",
      noResultsFound: "没有找到 No results found",
      download: "下载 Download",
      downloadSpecification: "下载接口说明 Download OpenAPI specification",
      responses: "答复 Responses",
      requestSamples: "请求示例 Request samples",
      responseSamples: "答复示例 Response samples",
    },
  },
  document.getElementById("redoc"),
);
