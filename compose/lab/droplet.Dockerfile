# A droplet: what a DigitalOcean droplet with Docker from its distribution offers, with OpenSSH's defaults.
FROM debian:trixie-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      bash ca-certificates coreutils docker-cli docker-compose docker.io iproute2 iptables \
      openssh-server procps sudo util-linux \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /etc/ssh/ssh_host_*
COPY droplet-boot.sh droplet-dockerd.sh /usr/local/sbin/
COPY sshd.conf /etc/ssh/sshd_config.d/10-lab.conf
RUN chmod 0755 /usr/local/sbin/*.sh && mkdir -p -m 0700 /root/.ssh && rm -f /etc/motd /etc/update-motd.d/*
# The user of teams that do not log in as root: everything it may do is by sudo.
RUN useradd --create-home --shell /bin/bash deploy \
 && echo 'deploy ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/deploy && mkdir /etc/ssh/authorized_keys
ENTRYPOINT ["/usr/local/sbin/droplet-boot.sh"]
