import { styleText } from 'node:util';

/** After this many milliseconds a step says that it is still at work. */
const SLOW_STEP_MS = 1000;

export type Progress = {
  /** Runs one step and says how long it took. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  done(title: string, took: number): void;
  note(text: string): void;
  warn(text: string): void;
  fail(text: string): void;
};

/** Progress as lines of text: one a step, when it is over, and one before that where it takes its time. */
export function progressOn(output: NodeJS.WritableStream, errors: NodeJS.WritableStream = output): Progress {
  const line = (mark: string, text: string) => output.write(`  ${mark} ${text}\n`);
  const progress: Progress = {
    async step(title, work) {
      const began = Date.now();
      const timer = setTimeout(() => line(dim('…'), dim(title)), SLOW_STEP_MS);
      try {
        const result = await work();
        progress.done(title, Date.now() - began);
        return result;
      } finally {
        clearTimeout(timer);
      }
    },
    done: (title, took) => line(paint('green', '✓'), `${title.padEnd(30)} ${dim(seconds(took))}`),
    note: text => line(dim('·'), text),
    warn: text => line(paint('yellow', '!'), text),
    fail: text => void errors.write(`\n  ${paint('red', '✗')} ${text.replaceAll('\n', '\n    ')}\n\n`),
  };
  return progress;

  function dim(text: string) {
    return paint('dim', text);
  }
  function paint(style: 'dim' | 'green' | 'yellow' | 'red', text: string) {
    return styleText(style, text, { stream: output });
  }
}

/** 1234 → "1.2 s" */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** For callers who show nothing. */
export const silence: Progress = {
  step: (_title, work) => work(),
  done() {},
  note() {},
  warn() {},
  fail() {},
};
