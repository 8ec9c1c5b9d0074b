import type { Command } from './sample.ts';

/** Everything compared, by section: what is timed, beside whom, how often. */
export interface Section {
  readonly title: string;
  readonly peer: string;
  readonly rounds: number;
  /** A function when they take work to make. */
  readonly subjects: Readonly<Record<string, Command>> | (() => Readonly<Record<string, Command>>);
  /** Run once before and after all samples, as the user. */
  readonly setup?: readonly string[];
  readonly teardown?: readonly string[];
}
