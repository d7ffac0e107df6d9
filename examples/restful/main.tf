# Reads the users of an account and their lines from GoTo Connect, with magodo/restful.

terraform {
  required_version = ">= 1.10"

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
    restful = {
      source = "magodo/restful"
    }
  }
}

provider "goto" {}

ephemeral "goto_access_token" "example" {
  required_scopes = ["users.v1.lines.read"]
}

provider "restful" {
  base_url = "https://api.goto.com"
  header = {
    Authorization = ephemeral.goto_access_token.example.authorization_header
  }
}

data "goto_me" "example" {
  lifecycle {
    postcondition {
      condition     = self.account_key != null
      error_message = "GoTo did not send a default account for this person."
    }
  }
}

data "restful_resource" "users" {
  id = "/users/v1/users"
  query = {
    accountKey = [data.goto_me.example.account_key]
  }
}

output "lines" {
  description = "Numbers of each user's lines, by the key of the user."
  value       = { for user in data.restful_resource.users.output.items : user.userKey => user.lines[*].number }
}
