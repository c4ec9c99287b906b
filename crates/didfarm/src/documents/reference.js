// Shows the document with nothing that would call elsewhere: no proxy, no telemetry, no fonts.
if (window.Scalar) {
  window.Scalar.createApiReference("#reference", {
    url: "/api/v1/openapi.json",
    proxyUrl: "",
    telemetry: false,
    withDefaultFonts: false,
    showDeveloperTools: "never",
    hideClientButton: true,
    agent: { disabled: true },
    mcp: { disabled: true },
    defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
    authentication: { preferredSecurityScheme: "api_key" },
    defaultOpenAllTags: false,
  });
}
