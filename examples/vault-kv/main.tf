# Puts a fresh access token into Vault at every apply, for programs that cannot get one themselves.

terraform {
  required_version = ">= 1.11" # the first with write-only arguments

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
    vault = {
      source  = "hashicorp/vault"
      version = ">= 5.0.0" # the first with data_json_wo
    }
  }
}

provider "goto" {}

# Reads VAULT_ADDR and VAULT_TOKEN.
provider "vault" {}

# What is stored works for 50 minutes or longer.
ephemeral "goto_access_token" "example" {
  min_validity = "50m"
}

resource "vault_kv_secret_v2" "goto" {
  mount               = "secret"
  name                = "goto"
  disable_read        = true # nothing comes back into the state
  delete_all_versions = true # destroy removes the tokens of earlier applies as well

  data_json_wo = jsonencode({
    access_token = ephemeral.goto_access_token.example.access_token
    expires_at   = ephemeral.goto_access_token.example.expires_at
  })

  # The value is written when this number changes, so it has to change with every plan. It cannot
  # come from the token, because no ephemeral value may go into an ordinary argument.
  data_json_wo_version = parseint(formatdate("MMDDhhmmss", plantimestamp()), 10)
}
