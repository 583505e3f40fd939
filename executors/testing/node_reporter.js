// Reporter for node's own test runner: one JSON object a line, written as events come.
// It runs in the process that starts the test files, never in theirs.
function said(error) {
  const cause = error?.cause ?? error;
  const text = typeof cause === "string" ? cause : cause?.stack ?? String(cause?.message ?? cause);
  const message = typeof cause === "string" ? cause : cause?.message ?? String(cause);
  return { message: String(message), detail: String(text), kind: String(error?.failureType ?? "") };
}

export default async function* report(source) {
  for await (const { type, data } of source) {
    const base = { name: data.name, nesting: data.nesting, file: data.file };
    if (type === "test:enqueue" || type === "test:start") {
      yield `${JSON.stringify({ type: type.slice(5), ...base })}\n`;
    } else if (type === "test:pass" || type === "test:fail") {
      const outcome = {
        passed: type === "test:pass",
        suite: data.details?.type === "suite",
        duration_ms: data.details?.duration_ms ?? 0,
        skip: data.skip ?? null,
        todo: data.todo ?? null,
        ...(type === "test:fail" ? { error: said(data.details?.error) } : {}),
      };
      yield `${JSON.stringify({ type: "result", ...base, ...outcome })}\n`;
    } else if (type === "test:stdout" || type === "test:stderr") {
      process.stderr.write(data.message);
    } else if (type === "test:diagnostic" && data.nesting === 0) {
      yield `${JSON.stringify({ type: "count", text: data.message })}\n`;
    }
  }
  yield `${JSON.stringify({ type: "end" })}\n`;
}
