"""Compiles the rules on stdin (JSON, see reference.ts) by libseccomp and writes the BPF program to stdout."""
import json
import sys
import tempfile

import seccomp

ARCHES = {
    "SCMP_ARCH_X86_64": seccomp.Arch.X86_64,
    "SCMP_ARCH_X86": seccomp.Arch.X86,
    "SCMP_ARCH_X32": seccomp.Arch.X32,
    "SCMP_ARCH_AARCH64": seccomp.Arch.AARCH64,
    "SCMP_ARCH_ARM": seccomp.Arch.ARM,
}
PLAIN = {
    "SCMP_ACT_ALLOW": seccomp.ALLOW,
    "SCMP_ACT_LOG": seccomp.LOG,
    "SCMP_ACT_TRAP": seccomp.TRAP,
    "SCMP_ACT_KILL": seccomp.KILL,
    "SCMP_ACT_KILL_THREAD": seccomp.KILL,
    "SCMP_ACT_KILL_PROCESS": seccomp.KILL_PROCESS,
}


def action(given):
    if given["name"] == "SCMP_ACT_ERRNO":
        return seccomp.ERRNO(1 if given["errno"] is None else given["errno"])
    if given["name"] == "SCMP_ACT_TRACE":
        return seccomp.TRACE(given["errno"] or 0)
    return PLAIN[given["name"]]


profile = json.load(sys.stdin)
wanted = {ARCHES[name] for name in profile["arches"]}
rules = seccomp.SyscallFilter(action(profile["default"]))
for arch in wanted:
    if not rules.exist_arch(arch):
        rules.add_arch(arch)
for rule in profile["rules"]:
    args = [
        seccomp.Arg(index, getattr(seccomp, op.removeprefix("SCMP_CMP_")), int(value), int(two))
        for index, op, value, two in rule["args"]
    ]
    for name in rule["names"]:
        try:
            rules.add_rule(action(rule["action"]), name, *args)
        except RuntimeError as error:
            # EINVAL: a name that is newer than the library.
            if "errno = -22" not in str(error):
                raise
with tempfile.TemporaryFile() as out:
    rules.export_bpf(out)
    out.seek(0)
    sys.stdout.buffer.write(out.read())
