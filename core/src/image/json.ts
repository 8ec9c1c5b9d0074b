import { notAnArchive } from './archive-reader.ts';

/** Documents of archives, whose form nobody vouches for. */
export type Json = Readonly<Record<string, unknown>>;

export function json(name: string, data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (cause) {
    throw notAnArchive(`its ${name} is not JSON`, cause);
  }
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
