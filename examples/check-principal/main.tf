# Checks that the token belongs to the right person and account.

terraform {
  required_version = ">= 1.10"

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
  }
}

variable "principal" {
  description = "Person who must be signed in, usually an e-mail address."
  type        = string
}

variable "account_key" {
  description = "Key of the account that must be the default one."
  type        = string
}

provider "goto" {}

# Stops a plan, or an apply without a saved plan, before anything is changed. When you apply a saved plan, Terraform may
# first make changes that don't depend on the token.
ephemeral "goto_access_token" "example" {
  lifecycle {
    postcondition {
      condition     = self.principal == var.principal
      error_message = "The token belongs to someone else. Sign in as ${var.principal}, or change the credential."
    }
  }
}

# If the account is wrong, shows a warning, and the run continues.
check "account" {
  data "goto_me" "example" {}

  assert {
    condition     = data.goto_me.example.account_key == var.account_key
    error_message = "The default account is not ${var.account_key}."
  }
}
