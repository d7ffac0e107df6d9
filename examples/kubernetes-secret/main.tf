# Writes a fresh access token to a Kubernetes secret at every apply, for programs that can't obtain
# one themselves.

terraform {
  required_version = ">= 1.11" # the first with write-only arguments

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.36.0" # the first with data_wo
    }
  }
}

provider "goto" {}

provider "kubernetes" {
  config_path = "~/.kube/config"
}

# The stored token is valid for at least 50 minutes.
ephemeral "goto_access_token" "example" {
  min_validity = "50m"
}

resource "kubernetes_secret_v1" "goto" {
  metadata {
    name      = "goto"
    namespace = "default"
  }

  data_wo = {
    access_token = ephemeral.goto_access_token.example.access_token
    expires_at   = ephemeral.goto_access_token.example.expires_at
  }

  # The provider writes the value when this number changes, so it must change with every plan. It
  # can't come from the token, because ordinary arguments don't accept ephemeral values.
  data_wo_revision = parseint(formatdate("MMDDhhmmss", plantimestamp()), 10)
}
