# Finds the key of an account by its name, for people who belong to several accounts.

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
      error_message = "No account or more than one account has this name. The accounts are: ${join(", ", self.accounts[*].name)}."
    }
  }
}

locals {
  # With [*], a reply without any accounts doesn't cause an error here.
  account_key = one([for account in data.goto_me.example.accounts[*] : account.key if account.name == var.account])
}

output "account_key" {
  description = "Value of accountKey in GoTo's APIs."
  value       = local.account_key
}
