# Nobody signs in: a personal access token stands for a person.
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

# Stops a plan if the token cannot do what the rest needs, and so an apply that plans, before anything is changed. Where
# a saved plan is applied, changes that have nothing to do with the token may come first.
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
