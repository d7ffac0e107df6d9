# The key of an account by the name of the account, for people who belong to several.

terraform {
  required_version = ">= 1.10"

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
  }
}

variable "account" {
  description = "Name of the account, as GoTo shows it."
  type        = string
}

provider "goto" {}

data "goto_me" "example" {
  lifecycle {
    postcondition {
      condition     = length([for account in self.accounts[*] : account if account.name == var.account]) == 1
      error_message = "Not exactly one account has this name. There are: ${join(", ", self.accounts[*].name)}."
    }
  }
}

locals {
  # Without [*], a person whose reply has no accounts at all would be an error of its own.
  account_key = one([for account in data.goto_me.example.accounts[*] : account.key if account.name == var.account])
}

output "account_key" {
  description = "What GoTo's APIs want as accountKey."
  value       = local.account_key
}
