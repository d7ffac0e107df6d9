# Puts a fresh access token into a Kubernetes secret at every apply, for programs that cannot get
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

# What is stored works for 50 minutes or longer.
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

  # The value is written when this number changes, so it has to change with every plan. It cannot
  # come from the token, because no ephemeral value may go into an ordinary argument.
  data_wo_revision = parseint(formatdate("MMDDhhmmss", plantimestamp()), 10)
}
