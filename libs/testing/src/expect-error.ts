import { deepEqual } from 'node:assert/strict';
import type { TestAnswer } from './caller.ts';

/** Fails unless the answer is the error of this status and code, in the documented shape. */
export function expectError({ status, body, text }: TestAnswer, expectedStatus: number, code: string): void {
  deepEqual(
    { status, success: body?.success, code: body?.error?.code },
    { status: expectedStatus, success: false, code },
    `expected ${expectedStatus} ${code}, was answered ${status} ${text.slice(0, 2_000)}`,
  );
}
