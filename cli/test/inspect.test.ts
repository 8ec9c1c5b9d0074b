import { expect, it } from 'vitest';
import { mayShow } from '../src/inspect/objects.ts';

it.each([
  undefined,
  'json',
  '{{json .}}',
  '{{.}}',
  '{{.GraphDriver.Data}}',
  '{{range .RepoTags}}{{.}}{{end}}',
])('a field may be in %s', (format) => expect(mayShow(format, 'GraphDriver')).toBe(true));

it.each(['{{.Id}}', '{{json .Config}}', '{{index .RepoTags 0}} {{len .RootFS.Layers}}'])(
  'and is not in %s',
  (format) => expect(mayShow(format, 'GraphDriver')).toBe(false),
);
