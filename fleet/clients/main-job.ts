/** What the program in `typescript/` is given, and what it finds out; the one thing that both sides share. */
export interface Surroundings {
  url: string;
  password: string;
  emails: { owner: string; guest: string };
  /** The code of the mail that a person was sent. */
  codeSentTo(email: string): Promise<string>;
  /** An address of its own for each person, so that limits by address do not add up. */
  headersOf(person: string): Record<string, string>;
}

export interface Findings {
  organization: string;
  /** Roles of the members by their address. */
  members: Record<string, string | undefined>;
  /** Code of the failure when the invitation is accepted a second time. */
  second: string | undefined;
  /** Rows of the audit log as CSV, with the line of names. */
  csv: string[];
}

export type MainJob = (surroundings: Surroundings) => Promise<Findings>;
