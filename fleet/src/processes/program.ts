/** What must be known of a process to start it, see that it is ready, and stop it. */
export type Program = {
  /** Short name: of its log file and in messages. */
  name: string;
  /** How people know it: 'PostgreSQL 18.4'. */
  title: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** The account it runs under when it may not run under the launcher's. */
  account?: Account;
  /** Asked every few milliseconds while it starts. */
  ready: () => Promise<boolean>;
  /** What of a line of its output belongs on the console; nothing by default. */
  worthShowing?: (line: string, isError: boolean) => string | undefined;
  stopSignal: NodeJS.Signals;
  /** Milliseconds it may take to stop before it is killed. */
  stopWithin: number;
};

export type Account = { uid: number; gid: number };
