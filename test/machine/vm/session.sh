#!/bin/bash
# session.sh USER UID: what happens on a machine that systemd has booted when USER logs in; then /mnt/share/systemd.sh as USER, in a
# session's scope, which is root's.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
systemctl start dbus.service "user@$2.service"
# shellcheck disable=SC2016
systemd-run --quiet --scope --slice="user-$2.slice" --unit=session-1.scope \
  setpriv --reuid="$1" --regid="$1" --init-groups --reset-env env XDG_RUNTIME_DIR="/run/user/$2" WHERRY_ROOT=/mnt/scratch/state \
  PATH="$PATH" bash /mnt/share/systemd.sh
echo "VM-SYSTEMD-STATUS=$?"
echo o >/proc/sysrq-trigger
sleep 100
