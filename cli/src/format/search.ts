import { WherryError } from '@wherry/core/errors';
import type { FoundImage } from '@wherry/core/registries';
import { parseFilters } from './filter.ts';
import type { ListFormat } from './list.ts';

const DESCRIPTION_WIDTH = 45;

/** Docker's columns and template fields of `search`. */
export function foundList({ noTrunc }: { readonly noTrunc: boolean }): ListFormat<FoundImage> {
  return {
    columns: ['Name', 'Description', 'StarCount', 'IsOfficial'],
    headers: {
      Name: 'NAME',
      Description: 'DESCRIPTION',
      StarCount: 'STARS',
      IsOfficial: 'OFFICIAL',
      IsAutomated: 'AUTOMATED',
    },
    fields: ({ name, description, stars, official }) => ({
      Name: name,
      Description: noTrunc ? description : ellipsis(description, DESCRIPTION_WIDTH),
      StarCount: String(stars),
      IsOfficial: official ? '[OK]' : '',
      IsAutomated: '',
    }),
  };
}

/** `search --filter`. @throws WherryError `E_FILTER` */
export function filterFound(words: readonly string[]): (image: FoundImage) => boolean {
  const filters = parseFilters(words, ['is-automated', 'is-official', 'stars']);
  // Docker Hub builds no images any more: none is.
  const automated = filters
    .get('is-automated')
    ?.map((value) => toBoolean('is-automated', value))
    .at(-1);
  const official = filters
    .get('is-official')
    ?.map((value) => toBoolean('is-official', value))
    .at(-1);
  const stars = Math.max(0, ...(filters.get('stars') ?? []).map(toStars));
  return (image) =>
    automated !== true && image.stars >= stars && (official === undefined || image.official === official);
}

function toBoolean(name: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw invalid(`${name}=${text}`, `Write ${name}=true or ${name}=false.`);
}

function toStars(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw invalid(`stars=${text}`, 'Write stars=MINIMUM, a whole number.');
}

function invalid(filter: string, hint: string): WherryError {
  return new WherryError(`invalid filter '${filter}'`, { code: 'E_FILTER', hint });
}

function ellipsis(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}
