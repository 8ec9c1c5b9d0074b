import type { HistoryEntry } from '@wherry/core/api';
import type { ListFormat } from './list.ts';
import { ago, ellipsis, humanSize, shortId } from './units.ts';

export interface HistoryListOptions {
  readonly noTrunc: boolean;
  readonly human: boolean;
  readonly now: number;
}

const CREATED_BY_LENGTH = 45;

/** Docker's columns and template fields of `history`. */
export function historyList({ noTrunc, human, now }: HistoryListOptions): ListFormat<HistoryEntry> {
  return {
    columns: ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
    headers: {
      ID: 'IMAGE',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      Size: 'SIZE',
      Comment: 'COMMENT',
    },
    fields: ({ id, created, createdBy, size, comment }) => {
      const line = createdBy.replaceAll('\t', ' ');
      // Docker's clients know whole seconds.
      const at = created.replace(/\.\d+/, '');
      return {
        ID: id === undefined ? '<missing>' : noTrunc ? id : shortId(id),
        CreatedSince: human ? ago(created, now) : at,
        CreatedAt: at,
        CreatedBy: noTrunc ? line : ellipsis(line, CREATED_BY_LENGTH),
        Size: human ? humanSize(size) : String(size),
        Comment: comment,
      };
    },
  };
}
