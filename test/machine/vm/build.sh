#!/bin/bash
# build.sh DIRECTORY: Debian's kernel, the modules that containers want, and an initrd; kept in DIRECTORY.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

package=$(apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }')
if [ -z "$package" ] || ! (cd "$work" && apt-get download -q "$package" >/dev/null 2>&1); then
  echo "no kernel: apt has no linux-image-amd64 to download" >&2
  exit 3
fi
dpkg -x "$work"/linux-image-*.deb "$work/kernel"
version=$(basename "$work"/kernel/lib/modules/*)
source=$work/kernel/lib/modules/$version
target=$directory/modules/$version
rm -rf "$directory/modules"
mkdir -p "$target/kernel"
cp "$source"/modules.{order,builtin,builtin.modinfo} "$target/"
(
  cd "$source"
  for path in fs/{overlayfs,ext4,jbd2,mbcache.ko,fuse,9p,netfs,fscache} net/{9p,bridge,802,llc,netfilter,ipv4,ipv6} \
    drivers/{virtio,block} drivers/net/{tun,veth,tap}.ko lib crypto arch/x86/crypto; do
    if [ -e "kernel/$path" ]; then cp -r --parents "kernel/$path" "$target/"; fi
  done
)
mkdir -p "$work/base/lib"
ln -s "$directory/modules" "$work/base/lib/modules"
depmod -b "$work/base" "$version"

initrd=$work/initrd
mkdir -p "$initrd"/{bin,proc,sys,dev,root,"lib/modules/$version"}
cp /bin/busybox "$initrd/bin/"
cp "$target"/modules.{order,builtin,builtin.modinfo} "$initrd/lib/modules/$version/"
for module in virtio_pci virtio_blk ext4 9p 9pnet_virtio crc32c_generic overlay; do
  modprobe -d "$work/base" -S "$version" --show-depends "$module" | awk '/^insmod/ { print $2 }'
done | sort -u | while read -r file; do
  relative=${file#"$work/base/"}
  mkdir -p "$initrd/$(dirname "$relative")"
  cp "$file" "$initrd/$relative"
done
depmod -b "$initrd" "$version"
cp "$here/init.sh" "$initrd/init"
cp "$here/init-root.sh" "$initrd/init-root"
chmod +x "$initrd/init" "$initrd/init-root"
cp "$work/kernel/boot/vmlinuz-$version" "$directory/vmlinuz"
(cd "$initrd" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$directory/initrd.new"
mv "$directory/initrd.new" "$directory/initrd.gz"
