// A reporter for `node --test`: a line of JSON for each test that was skipped. scripts/test.mjs tells of them at its end.

// biome-ignore lint/style/noDefaultExport: node --test takes a reporter that way only
export default async function* skipped(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" || data.skip === undefined || data.skip === false) continue;
    const reason = typeof data.skip === "string" && data.skip !== "" ? data.skip : "no reason given";
    yield `${JSON.stringify({ reason, name: data.name, file: data.file ?? "" })}\n`;
  }
}
