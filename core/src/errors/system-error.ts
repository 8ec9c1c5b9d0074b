/**
 * What a failed system call of Node's is, in the words of Go's os package: `open /x: no such file or directory`. Docker's client
 * and those who read its messages know no others.
 */
export function systemWords(error: unknown): string {
  const { code, syscall, path, message } = error as NodeJS.ErrnoException;
  const reason = /^[A-Z0-9]+: (.*?)(?:, \w+(?: '.*')?)?$/s.exec(message)?.[1];
  if (code === undefined || reason === undefined) return message;
  const words = reason.replace(/ on a directory$/, '').replace(/^illegal operation$/, 'is a directory');
  return path === undefined ? words : `${syscall ?? 'open'} ${path}: ${words}`;
}
