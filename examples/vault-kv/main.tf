# Writes a fresh access token to Vault at every apply, for programs that can't obtain one themselves.

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

# The stored token is valid for at least 50 minutes.
ephemeral "goto_access_token" "example" {
  min_validity = "50m"
}

resource "vault_kv_secret_v2" "goto" {
  mount               = "secret"
  name                = "goto"
  disable_read        = true # reads nothing back into the state
  delete_all_versions = true # destroy removes the tokens of earlier applies too

  data_json_wo = jsonencode({
    access_token = ephemeral.goto_access_token.example.access_token
    expires_at   = ephemeral.goto_access_token.example.expires_at
  })

  # The provider writes the value when this number changes, so it must change with every plan. It
  # can't come from the token, because ordinary arguments don't accept ephemeral values.
  data_json_wo_version = parseint(formatdate("MMDDhhmmss", plantimestamp()), 10)
}
