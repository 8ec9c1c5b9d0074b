#!/bin/bash
# boot.sh CACHE DIRECTORY USER SCRIPT: boots an emulated machine and runs SCRIPT in it as USER; its console is the output.
#
# The machine has this machine's files, read-only under a file system in memory, Debian's own kernel, nothing but cgroup v2, and
# every controller delegated to USER. CACHE keeps kernel and initrd for the next time, DIRECTORY is for this run alone and is
# /mnt/share inside. USER's state goes to /mnt/scratch, an ext4 of its own. Fails with status 3 when there is no kernel to be had.
#
# Needs qemu-system-x86, seabios, busybox-static, kmod, cpio, e2fsprogs, and apt with the package linux-image-amd64.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$1 directory=$2 user=$3 script=$4
mkdir -p "$cache" "$directory"
chmod 755 "$cache" "$directory"
(
  flock 9
  if [ ! -e "$cache/initrd.gz" ] || [ "$here" -nt "$cache/initrd.gz" ]; then "$here/build.sh" "$cache"; fi
) 9>"$cache/lock"
cp "$script" "$directory/script.sh"
echo "$user" >"$directory/user"
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
truncate -s 1G "$scratch"
virtfs=security_model=none,readonly=on
qemu-system-x86_64 -M q35 -accel tcg,thread=multi,tb-size=512 -cpu max -m 1536 -smp 2 \
  -display none -serial stdio -no-reboot -nic none -kernel "$cache/vmlinuz" -initrd "$cache/initrd.gz" \
  -append "console=ttyS0 panic=-1 quiet mitigations=off rw random.trust_cpu=1 audit=0 apparmor=0 selinux=0" \
  -drive "file=$scratch,format=raw,if=virtio,cache=unsafe" \
  -virtfs "local,path=/,mount_tag=rootshare,multidevs=remap,$virtfs" \
  -virtfs "local,path=$cache/modules,mount_tag=modules,$virtfs" \
  -virtfs "local,path=$directory,mount_tag=share,$virtfs" </dev/null 2>&1 | tr -d '\r'
