import package_ from '../../../package.json' with { type: 'json' };

/** Version of Wherry, as its package has it. */
export const VERSION: string = package_.version;
