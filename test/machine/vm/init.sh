#!/bin/busybox sh
# First program of the emulated machine: the host's files with a file system in memory over them.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in virtio_pci virtio_blk crc32c_generic 9pnet_virtio 9p overlay ext4; do modprobe "$module"; done
mkdir -p /lower /memory
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro rootshare /lower
mount -t tmpfs -o size=1g memory /memory
mkdir /memory/upper /memory/work
cp /init-root /memory/upper/init-root
mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work root /root
umount /proc /sys /dev
exec switch_root /root /init-root
