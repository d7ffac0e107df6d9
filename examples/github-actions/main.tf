# The configuration that the workflow plans and applies. GOTO_CLIENT_ID, GOTO_CLIENT_SECRET and
# GOTO_PERSONAL_ACCESS_TOKEN come from the repository's secrets.

terraform {
  required_version = ">= 1.10"

  # Add the backend for your state here, because a runner keeps no files.

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

ephemeral "goto_access_token" "pipeline" {
  min_validity    = "30m" # longer than a job takes
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
