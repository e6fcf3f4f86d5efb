# A load balancer whose droplets bgctl swaps: Terraform makes it and keeps its settings, bgctl alone says who is in it.
#
# Without `ignore_changes` the next `terraform apply` puts back the droplets it remembers. bgctl tells that apart from its
# own changes (it is held for drift, exit 15, and touches nothing), but people are served by whatever was put back.
resource "digitalocean_loadbalancer" "shop" {
  name     = "shop"
  region   = "fra1"
  vpc_uuid = digitalocean_vpc.shop.id

  # Needed once, for creation; `droplet_tag` is refused by bgctl, since a tag would attach green before it is proven.
  droplet_ids = digitalocean_droplet.pool_a[*].id

  forwarding_rule {
    entry_port       = 443
    entry_protocol   = "https"
    target_port      = 8000
    target_protocol  = "http"
    certificate_name = digitalocean_certificate.shop.name
  }

  healthcheck {
    protocol                 = "http"
    port                     = 8000
    path                     = "/healthz"
    check_interval_seconds   = 3
    response_timeout_seconds = 3
    healthy_threshold        = 2
    unhealthy_threshold      = 2
  }

  lifecycle {
    ignore_changes = [droplet_ids]
  }
}

# The two pools that bgctl.yml names: `pools: { a: { tag: shop-a }, b: { tag: shop-b } }`.
resource "digitalocean_droplet" "pool_a" {
  count    = 2
  name     = "shop-a-${count.index + 1}"
  image    = "docker-20-04"
  region   = "fra1"
  size     = "s-2vcpu-4gb"
  vpc_uuid = digitalocean_vpc.shop.id
  tags     = ["shop-a"]
}

resource "digitalocean_droplet" "pool_b" {
  count    = 2
  name     = "shop-b-${count.index + 1}"
  image    = "docker-20-04"
  region   = "fra1"
  size     = "s-2vcpu-4gb"
  vpc_uuid = digitalocean_vpc.shop.id
  tags     = ["shop-b"]
}

resource "digitalocean_vpc" "shop" {
  name   = "shop"
  region = "fra1"
}

resource "digitalocean_certificate" "shop" {
  name    = "shop"
  type    = "lets_encrypt"
  domains = ["shop.example.com"]
}
