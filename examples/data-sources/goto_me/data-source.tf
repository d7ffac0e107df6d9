data "goto_me" "example" {
  # Needed only if the same configuration signs in under the provider's profile.
  depends_on = [ephemeral.goto_access_token.example]
}

ephemeral "goto_access_token" "example" {}

locals {
  # The default account, and another one by its name.
  account_key       = data.goto_me.example.account_key
  other_account_key = one([for account in data.goto_me.example.accounts : account.key if account.name == "Example Inc."])
}
