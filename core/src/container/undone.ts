import type { Store } from '../store/store.ts';

/** What `work` answers, with all that it wrote to the database taken back. */
export function undone<Result>(
  { store }: { readonly store: Pick<Store, 'database'> },
  work: () => Result,
): Result {
  let answer: { readonly result: Result } | undefined;
  const stop = new Error('taken back');
  try {
    store.database.transaction((): undefined => {
      answer = { result: work() };
      throw stop;
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
  if (answer === undefined) throw stop;
  return answer.result;
}
