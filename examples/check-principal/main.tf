# Makes sure that the token stands for the right person and account.

terraform {
  required_version = ">= 1.10"

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
  }
}

variable "principal" {
  description = "Who has to have signed in, usually an e-mail address."
  type        = string
}

variable "account_key" {
  description = "Key of the account that has to be the default one."
  type        = string
}

provider "goto" {}

# Stops a plan, and so an apply that plans, before anything is changed. Where a saved plan is applied, changes that
# have nothing to do with the token may come first.
ephemeral "goto_access_token" "example" {
  lifecycle {
    postcondition {
      condition     = self.principal == var.principal
      error_message = "The token stands for somebody else. Sign in as ${var.principal}, or change the credential."
    }
  }
}

# Warns, and the run goes on.
check "account" {
  data "goto_me" "example" {}

  assert {
    condition     = data.goto_me.example.account_key == var.account_key
    error_message = "The default account is not ${var.account_key}."
  }
}
