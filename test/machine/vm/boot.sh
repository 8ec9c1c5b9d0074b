#!/bin/bash
# boot.sh DIRECTORY USER SCRIPT: boots an emulated machine and runs SCRIPT in it as USER; its output is the machine's console.
#
# The machine has this machine's files, read-only under a file system in memory, Debian's own kernel, nothing but cgroup v2, and
# every controller delegated to USER. DIRECTORY keeps kernel and initrd for the next time. USER's state goes to /mnt/scratch, an
# ext4 of its own; DIRECTORY/share is /mnt/share. Fails with status 3 when there is no kernel to be had.
#
# Needs qemu-system-x86, seabios, busybox-static, kmod, cpio, e2fsprogs, and apt with the package linux-image-amd64.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=$1 user=$2 script=$3
mkdir -p "$directory/share"
chmod 755 "$directory" "$directory/share"
[ -e "$directory/initrd.gz" ] || "$here/build.sh" "$directory"
cp "$script" "$directory/share/script.sh"
echo "$user" >"$directory/share/user"
rm -f "$directory/scratch.img"
truncate -s 2G "$directory/scratch.img"
trap 'rm -f "$directory/scratch.img"' EXIT
virtfs=security_model=none,readonly=on
timeout "${VM_TIMEOUT:-170}" qemu-system-x86_64 -M q35 -accel tcg,thread=multi,tb-size=1024 -cpu max -m 2048 -smp 2 \
  -display none -serial stdio -no-reboot -nic none -kernel "$directory/vmlinuz" -initrd "$directory/initrd.gz" \
  -append "console=ttyS0 panic=-1 quiet mitigations=off rw random.trust_cpu=1 audit=0 apparmor=0 selinux=0" \
  -drive "file=$directory/scratch.img,format=raw,if=virtio,cache=unsafe" \
  -virtfs "local,path=/,mount_tag=rootshare,multidevs=remap,$virtfs" \
  -virtfs "local,path=$directory/modules,mount_tag=modules,$virtfs" \
  -virtfs "local,path=$directory/share,mount_tag=share,$virtfs" </dev/null 2>&1 | tr -d '\r'
