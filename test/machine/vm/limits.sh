# What limits do, said a line each for test/e2e/limits.test.ts. IMAGE and WHERRY come from the line that is put before.
say() { echo "SAID $1 $(echo "$2" | tr '\n' ' ')"; }
cd /mnt/scratch || exit
$WHERRY load -q -i /mnt/share/image.tar
say warnings "$($WHERRY run -d --name box --network none -m 64m --memory-reservation 32m --cpus 0.2 --pids-limit 20 \
  --cpuset-cpus 1 --blkio-weight 100 --device-read-bps /dev/vda:1mb "$IMAGE" sleep 1000 2>&1 >/dev/null)"
say files "$($WHERRY exec box sh -c 'cd /sys/fs/cgroup
  cat memory.max memory.swap.max memory.low cpu.max pids.max cpuset.cpus io.weight io.max; nproc')"
say throttled "$($WHERRY exec box sh -c 'timeout 2 sh -c "while :; do :; done"
  while read -r name value; do [ "$name" = nr_throttled ] && [ "$value" -gt 0 ] && echo yes; done </sys/fs/cgroup/cpu.stat')"
say forks "$($WHERRY exec box sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do sleep 20 & done' 2>&1)"
say update "$($WHERRY update -m 128m --memory-swap 256m --pids-limit 30 --cpus 1.5 --blkio-weight 500 box)"
say updated "$($WHERRY exec box sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max pids.max cpu.max io.weight')"
say stats "$($WHERRY stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' box)"
$WHERRY pause box >/dev/null
say paused "$($WHERRY ps --format '{{.State}}'; cat /sys/fs/cgroup/user/wherry-*/cgroup.freeze)"
$WHERRY unpause box >/dev/null
$WHERRY run --name hog --network none -m 16m "$IMAGE" tail /dev/zero
say hog "$?"
say oom "$($WHERRY inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}} {{.HostConfig.Memory}}' hog)"
say events "$($WHERRY events --since 1h --until 0s --filter container=hog --format '{{.Action}}')"
$WHERRY update -m 16m --memory-swap 16m box >/dev/null
$WHERRY exec box tail /dev/zero
for try in 1 2 3 4 5 6 7 8 9 10; do
  [ "$($WHERRY inspect -f '{{.State.OOMKilled}}' box)" = true ] && break
  sleep 1
done
say alive "$($WHERRY inspect -f '{{.State.OOMKilled}} {{.State.Running}}' box)"
$WHERRY rm -f box hog >/dev/null
say left "$(ls -d /sys/fs/cgroup/user/wherry-* 2>&1)"
