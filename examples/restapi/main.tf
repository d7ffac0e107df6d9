# Reads one phone number of an account from GoTo Connect, with Mastercard/restapi.

terraform {
  required_version = ">= 1.10"

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
    restapi = {
      source = "Mastercard/restapi"
    }
  }
}

variable "number" {
  description = "Phone number, like +15145552672."
  type        = string
}

provider "goto" {}

ephemeral "goto_access_token" "example" {
  required_scopes = ["voice-admin.v1.read"]
}

provider "restapi" {
  uri = "https://api.goto.com"
  headers = {
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

data "restapi_object" "number" {
  path         = "/voice-admin/v1/phone-numbers"
  query_string = "accountKey=${data.goto_me.example.account_key}"
  results_key  = "items"
  search_key   = "number"
  search_value = var.number
  id_attribute = "id"
}

output "name" {
  value = data.restapi_object.number.api_data["name"]
}
