# Uses a personal access token, so nobody has to sign in.
#
# The pipeline provides GOTO_CLIENT_ID, GOTO_CLIENT_SECRET and GOTO_PERSONAL_ACCESS_TOKEN.

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

# If the token lacks a scope, `plan` stops, and so does `apply` without a saved plan, before anything is changed. When
# you apply a saved plan, Terraform may first make changes that don't depend on the token.
ephemeral "goto_access_token" "pipeline" {
  min_validity    = "30m"
  required_scopes = ["users.v1.lines.read"]
}

provider "restful" {
  base_url = "https://api.getgo.com"
  header = {
    Authorization = ephemeral.goto_access_token.pipeline.authorization_header
  }
}

data "restful_resource" "me" {
  id = "/admin/rest/v1/me"
}

output "email" {
  value = data.restful_resource.me.output.email
}
