import type { PullEvent } from '@wherry/core/api';

type State = Extract<PullEvent, { kind: 'layer' }>['state'];

/** Docker's words for what happens to a layer. */
export const STATE_WORDS: Readonly<Record<State, string>> = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  verifying: 'Verifying Checksum',
  extracting: 'Extracting',
  done: 'Pull complete',
  exists: 'Already exists',
  retrying: 'Retrying',
};

/** Where no bar can be drawn, Docker tells of these changes and leaves the numbers out. */
export const PLAIN_WORDS: Readonly<Record<State, string | undefined>> = {
  waiting: 'Pulling fs layer',
  downloading: undefined,
  verifying: 'Verifying Checksum',
  extracting: 'Download complete',
  done: 'Pull complete',
  exists: 'Already exists',
  retrying: 'Retrying',
};
