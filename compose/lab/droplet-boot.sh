#!/bin/bash
# Process 1 of a droplet: it starts sshd and dockerd and outlives both, so that either can die and be mended.
mkdir -p /run/sshd
/usr/sbin/sshd
/usr/local/sbin/droplet-dockerd.sh
trap 'exit 0' TERM INT
while :; do
  sleep 3600 &
  wait $!
done
