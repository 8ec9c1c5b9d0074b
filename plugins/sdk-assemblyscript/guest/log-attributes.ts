import { invalid } from './failure.ts';
import { option, optionValue } from './option.ts';
import type { DriverError, KeyValue, OpenRequest, OptionInfo } from './types.ts';

const FIELDS: string[] = [
  'ID',
  'FullID',
  'Name',
  'FullName',
  'ImageID',
  'ImageFullID',
  'ImageName',
  'Command',
  'DaemonName',
];

/** What `describe` lists of labels, variables and the tag; `tag` is the one without an option. */
export function attributeOptions(tag: string): OptionInfo[] {
  return [
    option('labels', 'text', '', 'Names of labels, with commas between them, that each message carries.'),
    option('env', 'text', '', 'Names of variables, with commas between them, that each message carries.'),
    option('tag', 'text', tag, 'A tag that each message carries, such as {{.Name}}/{{.ID}}.'),
  ];
}

/** What each line carries besides its text: chosen labels, chosen variables, the tag. */
export function attributesOf(request: OpenRequest): KeyValue[] {
  const attributes = chosenOf(request);
  const tag = optionValue(request.options, 'tag', '');
  if (tag !== '') attributes.push({ key: 'tag', value: expand(tag, request) });
  return attributes;
}

/** Chosen labels and variables. */
export function chosenOf(request: OpenRequest): KeyValue[] {
  const attributes: KeyValue[] = [];
  choose(request.labels, optionValue(request.options, 'labels', ''), attributes);
  choose(request.env, optionValue(request.options, 'env', ''), attributes);
  return attributes;
}

/** The tag as it is written; without one, the container's short id, as Docker has it. */
export function tagOf(request: OpenRequest): string {
  const template = optionValue(request.options, 'tag', '');
  return expand(template === '' ? '{{.ID}}' : template, request);
}

/** What is wrong with the tag's template, or null. */
export function checkTag(request: OpenRequest): DriverError | null {
  const template = optionValue(request.options, 'tag', '');
  const parts = template.split('{{');
  for (let i = 1; i < parts.length; i++) {
    const end = parts[i].indexOf('}}');
    const field = end < 0 ? '' : fieldOf(parts[i].slice(0, end));
    if (!FIELDS.includes(field)) {
      return invalid(
        `tag has a field that is not known: "{{${parts[i]}"`,
        `Known fields are ${FIELDS.join(', ')}, written as in {{.ID}}.`,
      );
    }
  }
  return null;
}

function choose(from: KeyValue[], names: string, into: KeyValue[]): void {
  const wanted = names.split(',');
  for (let i = 0; i < from.length; i++) {
    for (let j = 0; j < wanted.length; j++) {
      if (wanted[j].trim() === from[i].key) into.push({ key: from[i].key, value: from[i].value });
    }
  }
}

function expand(template: string, request: OpenRequest): string {
  const parts = template.split('{{');
  let text = parts[0];
  for (let i = 1; i < parts.length; i++) {
    const end = parts[i].indexOf('}}');
    text += fieldValue(fieldOf(parts[i].slice(0, end)), request) + parts[i].slice(end + 2);
  }
  return text;
}

function fieldOf(inside: string): string {
  const name = inside.trim();
  return name.startsWith('.') ? name.slice(1) : '';
}

function fieldValue(field: string, request: OpenRequest): string {
  if (field === 'ID') return request.container.slice(0, 12);
  if (field === 'FullID') return request.container;
  if (field === 'Name') return request.containerName;
  if (field === 'FullName') return `/${request.containerName}`;
  if (field === 'ImageID') return request.imageId.slice('sha256:'.length, 'sha256:'.length + 12);
  if (field === 'ImageFullID') return request.imageId;
  if (field === 'ImageName') return request.image;
  if (field === 'Command') return request.command;
  return 'wherry';
}
