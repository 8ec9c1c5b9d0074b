/** Thrown where `--help` was read: the command's help goes to stdout and the exit status is 0. */
export class HelpRequest extends Error {
  override readonly name = 'HelpRequest';
}
