import { WherryError } from '@wherry/core/errors';

/** Why a command of Docker's isn't there, and what does its work: sentences by its first word, or by `image build` and the like. */
function absence(words: readonly string[]): readonly [reason: string, hint: string] | undefined {
  const [first = '', second = ''] = words;
  switch (first === 'image' || first === 'container' ? `${first} ${second}` : first) {
    case 'build':
    case 'image build':
    case 'buildx':
    case 'builder':
      return [
        'images are not built here yet',
        'Build it elsewhere and bring it by a registry or "wherry load", or change a container and keep it by "wherry commit".',
      ];
    case 'compose':
    case 'docker-compose':
    case 'stack':
      return [
        'there are no files of services yet',
        'Start each with "wherry run -d --network NAME --restart ..."; "wherry generate systemd" makes units of them.',
      ];
    case 'swarm':
    case 'service':
    case 'node':
    case 'config':
    case 'secret':
      return [
        'there are no clusters: Wherry is for one machine',
        'On a cluster, let its scheduler (Slurm, PBS) start "wherry run".',
      ];
    case 'context':
      return ['there is no daemon that could be elsewhere', 'For another machine: ssh HOST wherry ...'];
    case 'manifest':
    case 'image manifest':
      return ['lists of images are not made here', 'skopeo, crane and regctl read and write them.'];
    case 'trust':
    case 'image trust':
      return [
        'there are no signatures of Notary here',
        'Name the image by its digest, NAME@sha256:..., which is always verified.',
      ];
    case 'checkpoint':
      return [
        'containers are not checkpointed yet',
        '"wherry pause" halts one; "wherry commit" keeps its files.',
      ];
    case 'scout':
      return [
        'images are not searched for weaknesses here',
        '"wherry save" writes one that trivy, grype and others read.',
      ];
    default:
      return undefined;
  }
}

/** What to say of a command of Docker's that isn't there; undefined for a word that Docker doesn't know either. */
export function absentCommand(words: readonly string[]): WherryError | undefined {
  const found = absence(words);
  if (found === undefined) return undefined;
  const [first = '', second = ''] = words;
  const called = first === 'image' || first === 'container' ? `${first} ${second}` : first;
  const [reason, hint] = found;
  return new WherryError(`There is no "wherry ${called}": ${reason}.`, {
    code: 'E_UNSUPPORTED_COMMAND',
    hint,
  });
}
