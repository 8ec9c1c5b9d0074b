#!/bin/bash
# The rest of the start: devices, cgroups, and the script as the ordinary user in its delegated cgroup.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
share=version=9p2000.L,msize=524288,cache=loose,trans=virtio
mkdir -p /dev/pts /dev/shm /dev/mqueue /lib/modules /mnt/share /mnt/scratch
mount -t devpts devpts /dev/pts -o gid=5,mode=620,ptmxmode=666
for directory in /dev/shm /run /tmp; do mount -t tmpfs memory "$directory"; done
mount -t mqueue mqueue /dev/mqueue
chmod 1777 /dev/shm /tmp /dev/mqueue
mount -t 9p -o "$share,ro" modules /lib/modules
mount -t 9p -o "$share,ro" share /mnt/share
for module in fuse tun veth bridge br_netfilter nf_tables; do modprobe "$module"; done
chmod 666 /dev/fuse /dev/net/tun
ip link set lo up
ln -sfn /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr

user=$(cat /mnt/share/user)
uid=$(id -u "$user")
mke2fs -q -t ext4 -O ^has_journal /dev/vda
mount /dev/vda /mnt/scratch
chown "$user:" /mnt/scratch

groups=/sys/fs/cgroup
controllers="+cpu +memory +pids +io +cpuset"
mount -t cgroup2 none "$groups"
mkdir -p "$groups/init" "$groups/user/session"
echo $$ >"$groups/init/cgroup.procs"
echo "$controllers" >"$groups/cgroup.subtree_control"
echo "$controllers" >"$groups/user/cgroup.subtree_control"
for directory in "$groups/user" "$groups/user/session"; do
  chown "$user:" "$directory" "$directory"/cgroup.{procs,threads,subtree_control}
done
runtime=/run/user/$uid
mkdir -p "$runtime"
chown "$user:" "$runtime"
chmod 700 "$runtime"
echo "VM-READY $(cat /proc/uptime)"
# shellcheck disable=SC2016
bash -c 'echo $$ >/sys/fs/cgroup/user/session/cgroup.procs
  exec setpriv --reuid="$0" --regid="$0" --init-groups --reset-env env XDG_RUNTIME_DIR="$1" WHERRY_ROOT=/mnt/scratch/state \
    PATH="$PATH" bash /mnt/share/script.sh' "$user" "$runtime"
echo "VM-STATUS=$?"
if [ ! -e /mnt/share/systemd.sh ]; then
  echo o >/proc/sysrq-trigger
  while :; do sleep 1; done
fi

# The same machine, from here on as systemd has it: the user has logged in, and its manager runs.
while read -r pid; do [ "$pid" = 1 ] || kill -KILL "$pid"; done < <(cat "$groups"/user/cgroup.procs "$groups"/user/*/cgroup.procs)
echo 1 >"$groups/cgroup.procs"
for directory in "$groups"/user/* "$groups/user" "$groups/init"; do
  if [ -d "$directory" ]; then until rmdir "$directory"; do sleep 0.1; done; fi
done 2>/dev/null
units=/run/systemd/system
mkdir -p "$units" /run/dbus
cat >"$units/dbus.socket" <<'EOF'
[Unit]
DefaultDependencies=no
[Socket]
ListenStream=/run/dbus/system_bus_socket
EOF
cat >"$units/dbus.service" <<'EOF'
[Unit]
DefaultDependencies=no
Requires=dbus.socket
[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only
EOF
cat >"$units/user@.service" <<'EOF'
[Unit]
DefaultDependencies=no
[Service]
Type=notify
User=%i
Slice=user-%i.slice
Environment=XDG_RUNTIME_DIR=/run/user/%i
ExecStart=/lib/systemd/systemd --user --unit=basic.target
Delegate=yes
KillMode=mixed
EOF
cat >"$units/wherry-vm.service" <<EOF
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
ExecStart=/bin/bash /mnt/share/session.sh $user $uid
EOF
echo "VM-SYSTEMD $(cat /proc/uptime)"
exec /lib/systemd/systemd --unit=wherry-vm.service --show-status=0 --log-target=null
