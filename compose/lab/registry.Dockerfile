# A registry that insists on a login (htpasswd); the hash is made when the container starts, from stdin.
FROM debian:trixie-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends apache2-utils docker-registry \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
COPY registry.yml /etc/registry.yml
CMD ["docker-registry", "serve", "/etc/registry.yml"]
