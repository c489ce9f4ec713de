// For tests that look into what may be missing: without it the test fails here, and not by way of an exception elsewhere.

import { ok } from "node:assert/strict";

export function present<T>(value: T | undefined): T {
  ok(value !== undefined);
  return value;
}
