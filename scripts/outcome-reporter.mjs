// A reporter for `node --test`: a line of JSON for each test that was skipped or failed. scripts/test.mjs tells of them at its end.

// biome-ignore lint/style/noDefaultExport: node --test takes a reporter that way only
export default async function* outcomes(events) {
  for await (const { type, data } of events) {
    const { name, file = "", skip } = data ?? {};
    if (type === "test:fail") {
      const { error } = data.details;
      // What a test threw is the cause of what the runner says of it. A file fails for its tests, which are told already.
      if (error?.failureType === "subtestsFailed") continue;
      yield `${JSON.stringify({ failed: String(error?.cause?.stack ?? error?.cause ?? error?.message), name, file })}\n`;
    } else if (type === "test:pass" && skip !== undefined && skip !== false) {
      const reason = typeof skip === "string" && skip !== "" ? skip : "no reason given";
      yield `${JSON.stringify({ reason, name, file })}\n`;
    }
  }
}
