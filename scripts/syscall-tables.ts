// Writes core/src/seccomp/syscall-tables.ts from the kernel's own user-space headers.
//
//   scripts/with-node node scripts/syscall-tables.ts > core/src/seccomp/syscall-tables.ts
//
// It needs a C preprocessor and Debian's linux-libc-dev, linux-libc-dev-arm64-cross and linux-libc-dev-armhf-cross.
// A header older than Linux 6.19 lacks the newest calls; since 5.1 they have one number on every architecture, so
// those are added from COMMON below.
import { execFileSync } from 'node:child_process';

const COMMON: readonly [number, string][] = [
  'cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount',
  'lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat',
  'open_tree_attr file_getattr file_setattr',
]
  .join(' ')
  .split(' ')
  .map((name, index) => [451 + index, name]);

const X86 = '/usr/include/x86_64-linux-gnu';
const SOURCES = [
  { name: 'x86_64', header: `${X86}/asm/unistd_64.h`, include: X86, extra: [[335, 'uretprobe']] },
  { name: 'x86', header: `${X86}/asm/unistd_32.h`, include: X86, extra: [] },
  { name: 'x32', header: `${X86}/asm/unistd_x32.h`, include: X86, extra: [[335, 'uretprobe']] },
  {
    name: 'aarch64',
    header: '/usr/aarch64-linux-gnu/include/asm/unistd.h',
    include: '/usr/aarch64-linux-gnu/include',
    extra: [],
  },
  {
    name: 'arm',
    header: '/usr/arm-linux-gnueabihf/include/asm/unistd.h',
    include: '/usr/arm-linux-gnueabihf/include',
    extra: [],
  },
] as const;

/** Macro names of a header with their values, after resolving one macro by another. */
function macros(header: string, include: string): Map<string, string> {
  const text = execFileSync(
    'cc',
    [
      '-E',
      '-dM',
      '-nostdinc',
      '-I',
      include,
      '-I',
      '/usr/include',
      '-D__ARM_EABI__',
      '-D__X32_SYSCALL_BIT=0',
      header,
    ],
    { encoding: 'utf8' },
  );
  return new Map([...text.matchAll(/^#define (\S+) (.+)$/gm)].map((m) => [m[1] ?? '', m[2] ?? '']));
}

function evaluate(expression: string, all: Map<string, string>): number {
  const plain = expression.replace(/\b[A-Za-z_]\w*\b/g, (word) =>
    /^0x/i.test(word) ? word : String(evaluate(all.get(word) ?? 'NaN', all)),
  );
  return plain
    .replace(/[()]/g, '')
    .split('+')
    .reduce((sum, part) => sum + Number(part.trim()), 0);
}

/** `@number name name …`: names of consecutive numbers follow each other, a gap restarts with `@`. */
function pack(numbers: Map<string, number>): string {
  const words: string[] = [];
  let next = -1;
  for (const [name, number] of [...numbers].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))) {
    if (number !== next) words.push(`@${number}`);
    words.push(name);
    next = number + 1;
  }
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 104) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}

let out = `/**
 * System call numbers by ABI, made by scripts/syscall-tables.ts from the kernel's headers; don't edit by hand.
 *
 * \`@number name name …\`: names with consecutive numbers follow each other; \`@\` restarts after a gap. The numbers
 * of x32 are without their flag bit 0x40000000.
 */
`;
for (const { name, header, include, extra } of SOURCES) {
  const all = macros(header, include);
  const numbers = new Map<string, number>();
  for (const [macro, value] of all) {
    const call = /^__NR_([a-z_]\w*)$/.exec(macro)?.[1] ?? /^__ARM_NR_([a-z]\w*)$/.exec(macro)?.[1];
    if (call === undefined || call === 'syscalls' || call === 'arch_specific_syscall') continue;
    const number = evaluate(value, all);
    if (Number.isInteger(number)) numbers.set(call, number);
  }
  for (const [number, call] of [...COMMON, ...extra]) if (!numbers.has(call)) numbers.set(call, number);
  out += `\nexport const ${name.toUpperCase()} = \`\n${pack(numbers)}\n\`;\n`;
}
process.stdout.write(out);
