#!/bin/sh
# setup.sh: makes this Debian machine look like the shared machine Wherry is for. Run as root; may be run again at
# any time, and takes well under a second when nothing is missing. Everything is kept but the tests' own cgroups.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" -eq 0 ] || { echo "setup.sh: run as root, as in: sudo $0" >&2; exit 1; }

# Ids that newuidmap may map, namespaces, networks, and peers to compare with.
runtime="uidmap slirp4netns passt fuse-overlayfs fuse3 crun bubblewrap iproute2 nftables iptables iputils-ping iperf3"
# Shells that completion is tried in.
shells="fish"
# Images, the registry that serves them, and what looks at the outcome or gives the reference for it.
fixtures="busybox-static mmdebstrap docker-registry skopeo umoci attr strace jq ca-certificates python3-seccomp"
# The launcher: musl-gcc wants a gcc, and the kernel headers that come with libc6-dev.
build="musl-tools gcc make libc6-dev"
# shellcheck disable=SC2086 # lists of names
"$here/../../scripts/apt-install" $runtime $shells $fixtures $build

# A run that has WHERRY_TEST_LANE has accounts of its own.
wuser=wuser${WHERRY_TEST_LANE-}
wnosub=wnosub${WHERRY_TEST_LANE-}
users="$wuser $wnosub"
# wuser is an ordinary account of Debian's useradd; wnosub is one whose administrator gave no subordinate ids.
for user in $users; do
  id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
done
# A machine that has useradd switched to no ranges leaves wuser without one too.
for file in /etc/subuid /etc/subgid; do
  touch "$file"
  if grep -q "^$wnosub:" "$file"; then sed -i "/^$wnosub:/d" "$file"; fi
  if ! grep -q "^$wuser:" "$file"; then
    first=$(awk -F: '{ end = $2 + $3; if (end > last) last = end } END { print (last > 100000 ? last : 100000) }' "$file")
    echo "$wuser:$first:65536" >>"$file"
  fi
done

for user in $users; do
  uid=$(id -u "$user")
  install -d -m 755 /run/user
  install -d -o "$user" -g "$(id -g "$user")" -m 700 "/run/user/$uid"
done

# As udev sets them elsewhere.
[ -e /dev/fuse ] || mknod /dev/fuse c 10 229
[ -e /dev/net/tun ] || { mkdir -p /dev/net && mknod /dev/net/tun c 10 200; }
chmod 666 /dev/fuse /dev/net/tun
echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range

# One cgroup v2 subtree a user, as systemd would delegate it: every test process starts in a child of it.
unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ -z "$unified" ]; then echo "setup.sh: no cgroup v2 hierarchy is mounted" >&2; exit 1; fi
for user in $users; do
  mkdir -p "$unified/wherry-test-$user"
done
