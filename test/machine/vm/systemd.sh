# What limits do in a login session of systemd's, said a line each for test/e2e/limits.test.ts. IMAGE and WHERRY come from the line
# that is put before.
say() { echo "SAID systemd-$1 $(echo "$2" | tr '\n' ' ')"; }
cd /mnt/scratch || exit
say session "$(cat /proc/self/cgroup)"
say warnings "$($WHERRY run -d --name box --network none -m 64m --cpus 0.5 --pids-limit 20 "$IMAGE" sleep 1000 2>&1 >/dev/null)"
pid=$($WHERRY inspect -f '{{.State.Pid}}' box)
say group "$(cat "/proc/$pid/cgroup")"
say exec "$($WHERRY exec box sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max pids.max; i=0
  while [ $i -lt 25 ]; do sleep 1 & i=$((i + 1)); done' 2>&1)"
say update "$($WHERRY update -m 128m --memory-swap 256m --pids-limit 30 box 2>&1)"
say updated "$(cd "/sys/fs/cgroup$(cut -d: -f3 "/proc/$pid/cgroup")" && cat memory.max memory.swap.max pids.max)"
$WHERRY restart -t 0 box >/dev/null
say restarted "$($WHERRY exec box cat /sys/fs/cgroup/memory.max)"
say slice "$($WHERRY run --rm --network none --cgroup-parent lab.slice --cgroupns host "$IMAGE" cat /proc/self/cgroup 2>&1)"
$WHERRY run -d --name free --network none "$IMAGE" sleep 1000 >/dev/null
say free "$(cat "/proc/$($WHERRY inspect -f '{{.State.Pid}}' free)/cgroup")"
say late "$($WHERRY update -m 128m --memory-swap 256m free 2>&1 >/dev/null)"
$WHERRY rm -f box free >/dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
  [ -z "$(systemctl --user list-units --all --plain --no-legend 'wherry-*')" ] && break
  sleep 1
done
say left "$(systemctl --user list-units --all --plain --no-legend 'wherry-*'; find /sys/fs/cgroup -name '*wherry-*' | grep -v wherry-vm)."
